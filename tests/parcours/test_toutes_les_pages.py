"""Every page of the house, in one browser: no script fails, nothing is refused by the CSP, no file is missing (issue 10.13).

What is opened follows espacepro/acces.py and the urlconf: a page that is new is opened, or stands below among those that follow another. The HTML
of each is read on its way by tests/pages.py, in the browser or, where the same templates were opened before, without.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import BrowserContext, ConsoleMessage, Page
from pytest_django.live_server_helper import LiveServer

from accounts.envois.liens import creer_lien, jeton
from accounts.espace.conditions import version_en_vigueur
from accounts.models import Agent, Espace, Lien
from activation.models import Courrier
from espacepro.acces import TABLE, Acces
from espacepro.aide.fiches import FICHES
from habilitations.depart.retraits import demander_retrait
from habilitations.models import DemandeHabilitation, Export, Role
from habilitations.views.exports import EXISTANT
from services.models import Brouillon, Message, ModeleDeReponse, Service
from surveillance.signaux import rafales
from tests.activation.scenes import confirmer, editer, inscrire, services_du_bouquet
from tests.espacepro.scenes import NOMS, TOUS, adresse, client_verifie, contreseing, deposer, dossier
from tests.factories import (
    AgentFactory,
    EspaceFactory,
    PersonneFactory,
    ServiceFactory,
    accorder,
    changement_bancaire,
    compte_bancaire,
    echanger,
    habiliter,
    poser_piece,
)

# Doors that show nothing to who simply comes: a step after another, an image, what these rows do not allow. Their own journeys open them.
SUITES = {
    "accepter_conditions",
    "usage_inhabituel",  # once the cell has asked: tests/parcours/test_compromis.py
    "changements_examines",  # once an access was given back: tests/parcours/test_compromis.py
    "nouveau_courrier",
    "pas_moi_fait",  # of who has just said so on « Sécurité »: tests/parcours/test_pas_moi.py
    "activer_espace_courrier",
    "application_code",
    "choisir_mot_de_passe",
    "cle_acces_enregistree",
    "code_recu",
    "codes_secours",
    "codes_secours_texte",
    "confirmer_adresse_entreprise",
    "confirmer_connexion",
    "confirmer_entreprise",
    "connexion_cle_debut",
    "connexion_cle_fin",
    "connexion_secours",
    "connexion_verification",
    "delegations_confirmer",
    "delegations_personne",
    "habilitations_changer",
    "inscription_confirmee",
    "inscription_envoyee",
    "inscription_renvoyer",
    "inscription_simplifiee_confirmee",
    "inscription_simplifiee_envoyee",
    "inscription_simplifiee_renvoyer",
    "message_relire",
    "echange_relire",
    "renouveler_mot_de_passe",
    "verifier_session",  # of a session that must be verified: tests/parcours/test_verification.py
    "suppleants_confirmer",
    "suppleants_personne",
}
SUITES_DE_GESTION = {
    "services_echange_transferer-relire",  # once an office was chosen: tests/services/messagerie/test_relire_du_bureau.py
    "surveillance_alerte_changelist",  # of the surveillance alone, as the next one
    "surveillance_blocageip_changelist",
    "surveillance_desactivation_changelist",
    "bloquer_adresse",
    "surveillees",  # of the surveillance alone, as its acts: tests/surveillance/automates/test_surveillees.py
    "alertes",  # of the surveillance alone: tests/parcours/test_compromis.py
    "accounts_contreseing_abandonner",  # of who asked alone
    "activation_courrier_laisser-partir",
    "activation_demande_nouvelle-lettre",  # once the letter before has been made
    "espace_desactiver",  # of the surveillance alone; these four are looked at by tests/parcours/test_compromis.py
    "espace_annuler-desactivation",
    "espace_diriger",  # of an espace that no office follows: tests/surveillance/espaces/test_orientation.py
    "espace_retablir",
    "espace_pli",
    "espace_liberer",  # nothing keeps this espace: its page is looked at by tests/parcours/test_guichet.py
    "activation_courrier_revenu",
    "enrolement_code",
    "login",
    "remettre",  # of the surveillance alone
    "services_personnesirenisee_adresse-registre",
    "services_personnesirenisee_sans-adresse",  # where somebody waits for one: tests/services/adresses/test_attendues.py
    "services_personnesirenisee_siren",
    "verification",
    "verification_secours",
}
LIENS = {
    "confirmer_adresse": (Lien.Objet.CONFIRMATION_EXPERT, Espace.Etat.EN_ATTENTE_COURRIEL),
    "confirmer_changement_adresse": (Lien.Objet.CHANGEMENT_ADRESSE, Espace.Etat.ACTIF),
    "annuler_changement_adresse": (Lien.Objet.ANNULATION_ADRESSE, Espace.Etat.ACTIF),
    "ce_n_est_pas_moi": (Lien.Objet.CE_N_EST_PAS_MOI, Espace.Etat.ACTIF),
    "reinitialiser_mot_de_passe": (Lien.Objet.MOT_DE_PASSE_OUBLIE, Espace.Etat.ACTIF),
}


@dataclass
class Promenade:
    """One browser and what it complained of; `vues` are the doors that showed a page, `ailleurs` the status of the others."""

    page: Page
    contexte: BrowserContext
    racine: str
    plaintes: list[str] = field(default_factory=list)
    vues: set[str] = field(default_factory=set)
    ailleurs: dict[str, int] = field(default_factory=dict)
    gabarits: set[frozenset[str]] = field(default_factory=set)

    def __post_init__(self) -> None:
        def console(message: ConsoleMessage) -> None:
            if message.type in {"error", "warning"}:
                self.plaintes.append(f"{self.page.url}: {message.text}")

        self.page.on("console", console)
        self.page.on("pageerror", lambda erreur: self.plaintes.append(f"{self.page.url}: {erreur}"))

    def entrer(self, client: Client) -> None:
        """Browse from now on with this client's session."""
        self.contexte.clear_cookies()
        session = client.cookies.get(settings.SESSION_COOKIE_NAME)
        if session is not None:
            self.contexte.add_cookies([{"name": session.key, "value": session.value, "url": self.racine}])

    def ouvrir(self, client: Client, portes: Iterator[tuple[str, str]]) -> None:
        """Open these (door, address), in the browser where there is a page to see."""
        self.entrer(client)
        for nom, ou in portes:
            reponse = client.get(ou)
            if reponse.status_code == 200 and reponse["Content-Type"].startswith("text/html"):
                self.vues.add(nom)
                gabarits = frozenset(str(gabarit.name) for gabarit in reponse.templates)
                if gabarits not in self.gabarits:  # what is made of the same templates does the same in the browser
                    self.gabarits.add(gabarits)
                    self.page.goto(self.racine + ou, wait_until="domcontentloaded")  # the modules have run
            else:
                self.ailleurs[nom] = min(self.ailleurs.get(nom, 999), reponse.status_code)


def titulaire() -> tuple[Espace, dict[str, list[Any]]]:
    """The holder of a company's services, and the parameters of the pages that show an object."""
    espace = EspaceFactory()
    personne = PersonneFactory(siren="552032534")
    racine = habiliter(espace, personne=personne, service=ServiceFactory(code="PAYER", paiement=True))
    habiliter(espace, personne=personne, service=ServiceFactory(code="MESSAGERIE", famille=Service.Famille.MESSAGERIE))
    acteur = accorder(racine, EspaceFactory(), Role.ACTEUR)
    (retrait,) = demander_retrait(acteur=acteur.espace, habilitations=[acteur])
    compte, courrier = compte_bancaire(personne), deposer(PersonneFactory(), espace, 1)
    maintenant = timezone.now()
    Courrier.objects.filter(pk=courrier.pk).update(
        canal="MESSAGERIE", etat="EDITE", edite_le=maintenant, expire_le=maintenant + settings.CODE_VALIDITE
    )
    echange = echanger(personne)
    piece = poser_piece(
        b"%PDF", message=Message.objects.create(echange=echange, texte="x"), analyse="SAINE", analysee_le=maintenant
    )
    demandee = DemandeHabilitation.objects.create(demandeur=EspaceFactory(), siren=personne.siren, motif="x")
    export = Export.objects.create(espace=espace, liste=EXISTANT.en_json())
    return espace, {
        "ouvrir_service": [personne.siren, "PAYER"],
        **{nom: [personne.siren] for nom in ("entreprise", "entreprise_acces", "entreprise_demandes")},
        "courriel_entreprise_changer": [personne.siren],
        **{
            key: [echange.reference]
            for key in ("echange", "echange_relire", "echange_pdf", "echange_clore", "echange_rouvrir")
        },
        **{key: [personne.siren] for key in ("message_rediger", "message_relire", "entreprise_messages")},
        "piece_jointe": [piece.pk],
        **{
            key: [personne.siren]
            for key in ("comptes_bancaires", "comptes_bancaires_exporter", "compte_bancaire_ajouter")
        },
        **{
            key: [personne.siren, compte.pk]
            for key in (
                "compte_bancaire_renommer",
                "compte_bancaire_supprimer",
                "compte_bancaire_iban",
                "compte_bancaire_mandat",
                "compte_bancaire_mandat_pdf",
                "compte_bancaire_remise",
            )
        },
        "compte_bancaire_signaler": [personne.siren, changement_bancaire(compte, espace).pk],
        **{nom: [courrier.demande.reference] for nom in ("demande", "annuler_demande", "nouveau_courrier")},
        "code_recu": [courrier.pk],
        **{nom: [retrait.pk] for nom in ("retrait_accepter", "retrait_refuser")},
        **{nom: [demandee.pk] for nom in ("demande_habilitation_accepter", "demande_habilitation_refuser")},
        "export": [export.pk],
        "fiche": [next(iter(FICHES))],
        "cgu_version": [version_en_vigueur().numero],
        "service_public": ["PAYER"],
    }


def liens() -> dict[str, list[Any]]:
    """The parameter of each page of a link: a live one."""
    return {
        nom: [jeton(creer_lien(espace=(e := EspaceFactory(etat=etat)), objet=objet, adresse=e.compte.email))]
        for nom, (objet, etat) in LIENS.items()
    }


def de_gestion(agent: Any) -> Iterator[tuple[str, str]]:
    """Every list of /gestion/, a row of each and each act on it."""
    lignes = dossier(agent, 7)
    lignes["accounts_contreseing"] = contreseing(agent, lignes["habilitations_habilitation"].espace)
    echange = echanger(lignes["services_personnesirenisee"], etat="ENVOYE")
    Brouillon.objects.create(
        agent=agent, personne=echange.personne, echange=echange, texte="Bonjour"
    )  # to be read again
    lignes["services_echange"] = echange
    lignes["services_modeledereponse"] = ModeleDeReponse.objects.create(
        service_gestionnaire=agent.service_gestionnaire, titre="Accusé de réception", texte="Bonjour"
    )
    for nom in (nom for espace, nom, chemin in TOUS if espace == "admin" and nom):
        modele = next((m for m in lignes if nom.startswith(f"{m}_")), None)
        if nom == "app_list":
            yield nom, reverse("admin:app_list", args=["services"])
        elif nom.endswith(("_add", "_delete")):
            continue  # refused to everybody: tests/espacepro/test_matrice_acces.py
        elif nom.endswith("_changelist") or not any("<" in c for e, n, c in TOUS if (e, n) == ("admin", nom)):
            yield nom, reverse(f"admin:{nom}")
        elif nom.startswith("espace"):
            yield nom, reverse(f"admin:{nom}", args=[lignes["habilitations_habilitation"].espace_id])
        elif modele is not None:
            yield nom, reverse(f"admin:{nom}", args=[lignes[modele].pk])


@pytest.mark.django_db(transaction=True)
def test_aucune_page_ne_se_plaint(
    live_server: LiveServer,
    page: Page,
    context: BrowserContext,
    client_de: Callable[[Espace], Client],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rafales, "PAGES_PAR_MINUTE", 10**9)  # nobody opens every page in a minute: a signal, R15
    monkeypatch.setattr(rafales, "FICHIERS_PAR_MINUTE", 10**9)
    with transaction.atomic():
        espace, parametres = titulaire()
        parametres |= liens()
        services_du_bouquet()
        simplifie = EspaceFactory(mode=Espace.Mode.SIMPLIFIE)
        habiliter(simplifie)
        agent = AgentFactory()
        chef = AgentFactory(service_gestionnaire=agent.service_gestionnaire, fonction=Agent.Fonction.CHEF)
        gestion = list(de_gestion(agent))
    attente = inscrire(PersonneFactory())
    editer(confirmer(attente))

    def portes(*qui: Acces) -> Iterator[tuple[str, str]]:
        for nom in NOMS:
            if TABLE[nom].qui in qui:
                yield nom, reverse(nom, args=parametres[nom]) if nom in parametres else adresse(nom)
                if nom == "mes_donnees":
                    yield nom, adresse(nom) + "?liste=vos-habilitations"

    promenade = Promenade(page, context, live_server.url)
    promenade.ouvrir(Client(), portes(Acces.PUBLIC))
    promenade.ouvrir(client_de(espace), portes(*Acces))
    promenade.ouvrir(client_de(attente), portes(Acces.PRESENT))  # its answer was never shown: it chooses another
    Espace.objects.filter(pk=attente.pk).update(reponse_a_montrer=False)
    promenade.ouvrir(client_de(attente), portes(Acces.EN_ATTENTE))
    promenade.ouvrir(client_de(simplifie), portes(*Acces))
    promenade.ouvrir(client_verifie(agent), iter(gestion))
    promenade.ouvrir(client_verifie(chef), ((nom, ou) for nom, ou in gestion if nom not in promenade.vues))
    assert promenade.plaintes == []
    assert {
        nom for nom, statut in promenade.ailleurs.items() if statut not in {200, 405}
    } - promenade.vues == SUITES | SUITES_DE_GESTION
