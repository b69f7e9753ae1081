"""In a country, each page and each job reads what it needs: by plan, by pages of memory, by number of queries (issue 12.1).

    .venv/bin/python -m pytest tests/charge/test_plans.py -s

prints what each asks, among 200,000 habilitations, personnes and journal lines (tests/charge/pays.py); with ESSAIS_LONGS=1 also
beside the same portal without them. A new page is here by itself; one that takes parameters needs its line in `adresses`.
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import pytest
from celery import current_app
from django.apps import apps
from django.contrib import admin
from django.db import connection
from django.http import HttpResponse, StreamingHttpResponse
from django.test import Client
from django.urls import reverse

from accounts.envois import courriels
from accounts.models import Espace
from espacepro.acces import TABLE, Acces
from espacepro.gestion.regards import Raison, dire_pourquoi, espace_montrable
from espacepro.taches import CALENDRIER
from habilitations.lectures.export import Liste
from habilitations.lectures.partage import Filtres
from habilitations.models import Habilitation, Role
from surveillance.signaux import rafales
from tests import honnete
from tests.espacepro.scenes import TOUS, client_verifie

from . import plans
from .pays import Pays, grossir, installer
from .plans import LONGUEUR_AU_PLUS, Releve, apres_les_colonnes, grandes_tables, relever

REQUETES_AU_PLUS = {
    "page": 8,
    "agent": 11,
    "dossier": 26,
    "acte": 26,
    "tâche": 1_000,
}  # an agent's page proves the second factor and leaves a trace
BLOCS_AU_PLUS = {
    "page": 1_400,
    "agent": 1_200,
    "dossier": 1_800,
    "acte": 1_800,
    "tâche": 500,
}  # what 100 SIREN × 30 services, or an office of 130, take
CROISSANCE = 1.3  # an index grows a level deeper; what is read of it does not grow
JEU = 100  # blocks

# What is still to be mended, page by page; a new page has no place here. What needs less than it says is red too, so that
# this only shrinks (blocks: less than half).
REQUETES_ADMISES: dict[str, int] = {
    "recapitulatif": 11,  # its nine, and the trace of who took it, in a transaction of its own
    "dossier alerte": 27,  # what the espace may reach, what it did, who signed in beside it: a page that two agents decide on
    "securite": 10,  # each recent act names its service
    "demande": 17,
    "adherer (une personne)": 9,
    "delegations_exporter (fichier)": 19,  # fifty companies at a time, each name once
    "suppleants_exporter (fichier)": 16,
}
BLOCS_ADMIS: dict[str, int] = {  # five in a hundred above what was read twice
    "agent alertes": 3900,  # five hundred of the queue are read, to be grouped by cause, whatever waits
    "dossier alerte": 16500,  # whom an espace of 3,000 habilitations gave access to: each is asked once
    "vos_habilitations": 5400,
    "habilitations_changer": 2690,
    "revue_delegations": 1590,
    "suppleants": 1985,
    "delegations": 1985,
    "delegations (recherche)": 2630,
    "delegations (nom)": 3640,
    "delegations (page 50)": 2540,
    "suppleants (recherche)": 2630,
    "delegations_designer (recherche)": 1750,
    "delegations_exporter (fichier)": 3620,
    "suppleants_exporter (fichier)": 3620,
    "agent adhesion (nom)": 3300,
    "agent habilitation (nom)": 18400,
    # Twenty thousand bear the name: 11,000 rights of the office are read by an index alone, or by it and their rows.
    "agent chercher (nom du pays)": 6_400,
    # It shows all that ends with the adhésions of a titulaire of 100 SIREN × 30 services.
    "acte espace liberer": 41800,
    "acte espace deces": 35300,  # 23,475 without the country around
    "tâche purger": 12700,
}
# Of the rights of the office an index is read alone where a vacuum has passed since the last writing (1,165 blocks), and with its rows
# elsewhere (6,073; 13,566 with every right just written). Where all belonged to one company, the other half of it began with every
# Durand of the country instead of the office (61,412): no estimate told one SIREN from another.
SELON_LE_VACUUM = {"agent chercher (nom du pays)"}
OCTETS_ADMIS: dict[str, int] = {
    "journal": 4600,
    # The acts that each reader is shown are named in the statement: it grows with the catalogue of acts.
    "journal_personne": 6000,
    "journal_personne (une personne)": 5700,
    "agent alertes": 4500,  # what was decided of the hundred that are shown
    "mes_donnees": 7000,  # so many lists are counted together: it grows with the models, not with what is held
}
ENTIERES_ADMISES: dict[str, set[str]] = {
    "tâche avancer_courriers": {"activation_demande"},
}
# Pages that lead elsewhere when nothing was begun, and why.
SIGNER, OUVRIR, MONTRE = "a step of a sign-in", "a step of an inscription", "shown once, from the session alone"
SANS_PAGE: dict[str, str] = {
    "connexion_verification": SIGNER,
    "connexion_secours": SIGNER,
    "connexion_cle_debut": SIGNER,
    "connexion_cle_fin": SIGNER,
    "choisir_mot_de_passe": SIGNER,
    "choisir_question": SIGNER,
    "pas_moi_fait": MONTRE,
    "verifier_session": "of a session that must be verified: any other is led on",
    "renouveler_mot_de_passe": SIGNER,
    "inscription_envoyee": OUVRIR,
    "inscription_confirmee": OUVRIR,
    "inscription_simplifiee_envoyee": OUVRIR,
    "inscription_simplifiee_confirmee": OUVRIR,
    "application_code": MONTRE,
    "cle_acces_enregistree": MONTRE,
    "codes_secours": MONTRE,
    "codes_secours_texte": MONTRE,
    "nouveau_courrier": "leads to the demande while its letter is good",
    "accepter_conditions": "who has accepted the CGU in force is led on",
    "passer_expert": "of an espace simplifié: its one personne",
    "code_recu": "one letter, by its key",
    "changements_examines": "who has nothing to look at after a restoring is led home",
}


GRANDES = {
    "habilitations_habilitation",
    "habilitations_adhesion",
    "habilitations_mandat",
    "services_personnesirenisee",
    "accounts_evenement",
    "accounts_courriel",
    "accounts_espace",
    "accounts_compte",
    "accounts_session",
    "activation_demande",
    "activation_courrier",
}


def sorte(nom: str) -> str:
    """Return which kind of reading this is: a page, an agent's page, a job."""
    return nom.split()[0] if nom.startswith(("agent", "dossier ", "acte ", "tâche ")) else "page"


def defauts(nom: str, releve: Releve) -> list[str]:
    """Return what is wrong, in words."""
    dits = [
        f"reads a big table whole: {requete}"
        for requete in releve.entieres
        if not set(requete.entieres) <= ENTIERES_ADMISES.get(nom, set())
    ]
    if releve.octets > OCTETS_ADMIS.get(nom, LONGUEUR_AU_PLUS):
        dits.append(f"{releve.octets} bytes: {max(releve.requetes, key=lambda requete: requete.octets)}")
    if releve.blocs > BLOCS_ADMIS.get(nom, BLOCS_AU_PLUS[sorte(nom)]):
        dits.append(f"{releve.blocs} blocks, of which {max(releve.requetes, key=lambda requete: requete.blocs)}")
    if releve.nombre > REQUETES_ADMISES.get(nom, REQUETES_AU_PLUS[sorte(nom)]):
        dits.append(f"{releve.nombre} queries")
    if releve.nombre < REQUETES_ADMISES.get(nom, 0):
        dits.append(f"REQUETES_ADMISES says more than {releve.nombre}")
    if nom not in SELON_LE_VACUUM and releve.blocs < BLOCS_ADMIS.get(nom, 0) / 2:
        dits.append(f"BLOCS_ADMIS says much more than {releve.blocs}")
    if releve.octets < OCTETS_ADMIS.get(nom, 0) / 2:
        dits.append(f"OCTETS_ADMIS says much more than {releve.octets}")
    return dits


def adresses(pays: Pays) -> dict[str, str]:
    """Return the pages of an espace that take parameters, and other readings of some pages."""
    siren = pays.personne.siren
    cle = pays.modeles["retrait"].pk
    simples = {
        "ouvrir_service": [siren, pays.service.code],
        "entreprise": [siren],
        "entreprise_acces": [siren],
        "entreprise_demandes": [siren],
        **{
            key: [pays.echange.reference]
            for key in ("echange", "echange_relire", "echange_pdf", "echange_clore", "echange_rouvrir")
        },
        "message_rediger": [siren],
        "message_relire": [siren],
        "entreprise_messages": [siren],
        "brouillon_effacer": [cle],
        "piece_jointe": [pays.piece.pk],
        "usage_inhabituel": [pays.modeles["question"].pk],
        **{key: [siren] for key in ("comptes_bancaires", "comptes_bancaires_exporter", "compte_bancaire_ajouter")},
        **{
            key: [siren, pays.compte.pk]
            for key in (
                "compte_bancaire_renommer",
                "compte_bancaire_supprimer",
                "compte_bancaire_iban",
                "compte_bancaire_mandat",
                "compte_bancaire_mandat_pdf",
                "compte_bancaire_remise",
            )
        },
        "compte_bancaire_signaler": [siren, pays.compte.changements.get(genre="AJOUT").pk],
        "demande": [pays.demande.reference],
        "annuler_demande": [pays.demande.reference],
        "nouveau_courrier": [pays.demande.reference],
        "courriel_entreprise_changer": [siren],
        "export": [pays.export.pk],
        "export_telecharger": [pays.export.pk],
        "demande_habilitation_accepter": [pays.demandee.pk],
        "demande_habilitation_refuser": [pays.demandee.pk],
        "demande_habilitation_annuler": [cle],
        "retrait_accepter": [pays.retrait.pk],
        "retrait_refuser": [pays.retrait.pk],
        "retrait_renoncer": [cle],
        "fermer_session": [cle],
        "retirer_cle": [1],
        "code_recu": [cle],
    }
    return {nom: reverse(nom, args=args) for nom, args in simples.items()} | {
        "journal_personne (une personne)": f"{reverse('journal_personne')}?siren={siren}",
        **{
            f"messagerie ({nom})": f"{reverse('messagerie')}?{demande}"
            for nom, demande in (
                ("recherche", "q=question"),
                ("à traiter", "boite=a-traiter"),
                ("en attente", "boite=en-attente"),
                ("thème", "theme=AUTRE"),
                ("brouillons", "boite=brouillons"),
            )
        },
        "message_rediger": f"{reverse('message_rediger', args=[siren])}?theme=TVA",
        "message_rediger (fichiers)": f"{reverse('message_rediger', args=[siren])}?theme=TVA&fichiers=oui",
        "espace (recherche)": f"{reverse('espace')}?q=ateliers",
        "espace (page 4)": f"{reverse('espace')}?page=4",
        "espace (par service)": f"{reverse('espace')}?vue=service&page=2",
        "delegations (recherche)": f"{reverse('delegations')}?q=ateliers",
        "delegations (nom)": f"{reverse('delegations')}?q=martin",
        "delegations (page 50)": f"{reverse('delegations')}?page=50",
        "delegations (reçues)": f"{reverse('delegations')}?sens=recues",
        "suppleants (recherche)": f"{reverse('suppleants')}?q=ateliers",
        "retraits_choisir (recherche)": f"{reverse('retraits_choisir')}?q=ateliers",
        "delegations_designer (recherche)": f"{reverse('delegations_designer')}?q=ateliers",
        "perimetre (usage)": f"{reverse('perimetre')}?par=usage",
        "adherer (une personne)": f"{reverse('adherer')}?siren={siren}",
        "substitution (une personne)": f"{reverse('substitution')}?siren={siren}",
    }


def pages(pays: Pays) -> dict[str, str]:
    """Return every page that the holder of an espace, or a visitor, may be shown."""
    a_parametres = adresses(pays)
    sans = {
        nom: reverse(nom)
        for espace_de_noms, nom, chemin in TOUS
        if not espace_de_noms and nom in TABLE and "<" not in chemin and TABLE[nom].qui is not Acces.EN_ATTENTE
    }
    return {**sans, **a_parametres}


def pages_d_agent(pays: Pays) -> dict[str, str]:
    """Return the agents' home, each list, and each search."""
    chercher = reverse("admin:chercher")
    trouvees = {
        "agent": reverse("admin:index"),
        "agent file": reverse("admin:file", args=["RETRAIT"]),
        "agent chercher (entreprise)": f"{chercher}?q=ateliers+0001",
        "agent chercher (mot du pays)": f"{chercher}?q=garage",
        "agent chercher (personne)": f"{chercher}?q=durand+1999",
        "agent chercher (nom du pays)": f"{chercher}?q=durand",
        "agent chercher (nom et siren)": f"{chercher}?q=durand+{pays.personne.siren}",
        "agent chercher (siren)": f"{chercher}?q={pays.personne.siren}",
        "agent chercher (numéro)": f"{chercher}?q={pays.espace.numero_abonne}",
        "agent chercher (adresse)": f"{chercher}?q=pays1@exemple.fr",
        "agent chercher (référence)": f"{chercher}?q={pays.demande.reference}",
        "dossier personne": reverse("admin:services_personnesirenisee_change", args=[pays.personne.pk]),
        "dossier espace": reverse("admin:espace", args=[pays.espace.pk]),
        "agent comme l’usager (raison)": reverse("admin:comme_l_usager", args=[pays.espace.pk]),
        **{
            f"agent lettres ({etat.lower()})": f"{reverse('admin:lettres')}?etat={etat}"
            for etat in ("A_EDITER", "EDITE", "REMIS", "NPAI")
        },
        "agent alertes": reverse("admin:alertes"),
        "agent adresses surveillées": reverse("admin:surveillees"),
        "dossier alerte": reverse("admin:surveillance_alerte_change", args=[pays.modeles["surveillance.alerte"].pk]),
        "dossier alerte (d’un réseau)": reverse(
            "admin:surveillance_alerte_change", args=[pays.modeles["alerte d’un réseau"].pk]
        ),
        "agent lettres de côté": reverse("admin:lettres_de_cote"),
        "agent remises": reverse("admin:remises"),
        "agent remettre": reverse("admin:remettre"),
        "dossier comme l’usager": reverse("admin:comme_l_usager_page", args=[pays.espace.pk]),
    }
    for modele, page in admin.site._registry.items():
        liste = reverse(f"admin:{modele._meta.app_label}_{modele._meta.model_name}_changelist")
        trouvees[f"agent {modele._meta.model_name}"] = liste
        if page.search_fields:
            par_nom = any("denomination" in champ for champ in page.search_fields)
            recherches = {"nom": "ateliers+0001", "siren": pays.personne.siren, "deux lettres": "at"} if par_nom else {}
            for quoi, texte in {**recherches, "référence": pays.demande.reference}.items():
                trouvees[f"agent {modele._meta.model_name} ({quoi})"] = f"{liste}?q={texte}"
    return trouvees


# Acts that the rows of `_pour_les_agents` do not allow; each has its scene in tests/espacepro/gestion.
ACTES_SANS_OBJET = {
    "acte echange transferer-relire": "no office is chosen yet",
    "acte alerte desactiver-ensemble": "one espace alone",
    "acte personnesirenisee siren": "it has its SIREN",
    "acte personnesirenisee adresse-registre": "no agent entered an address",
    "acte courrier laisser-partir": "it has left",
    "acte agent donner-fonction": "he has it",
    "acte demande nouvelle-lettre": "its first letter is not due again",
}


def pages_des_actes(pays: Pays) -> dict[str, str]:
    """Return the page of each act of the desk, on a row that allows it."""
    trouvees = {
        "acte espace liberer": reverse("admin:espace_liberer", args=[pays.espace.pk]),
        "acte espace deces": reverse("admin:espace_deces", args=[pays.espace.pk]),
        "acte espace desactiver": reverse("admin:espace_desactiver", args=[pays.espace.pk]),
        "acte idsp": reverse("admin:donner_idsp"),
        "acte lettres revenues": reverse("admin:lettres_revenues"),
    }
    for modele, page in admin.site._registry.items():
        for acte in getattr(page, "actes", ()):
            nom = f"admin:{modele._meta.app_label}_{modele._meta.model_name}_{acte.nom}"
            objet = pays.modeles[modele._meta.label_lower]
            trouvees[f"acte {modele._meta.model_name} {acte.nom}"] = reverse(nom, args=[objet.pk])
    return trouvees


def ouvrir(navigateur: Client, adresse: str, grandes: frozenset[str]) -> tuple[int, Releve]:
    """Open a page; in the country, as on any visit but the first."""
    if grandes:
        navigateur.get(adresse)
    with relever(grandes) as releve:
        reponse = navigateur.get(adresse)
        _lire(reponse)
    return reponse.status_code, releve


def _lire(reponse: Any) -> None:
    if isinstance(reponse, StreamingHttpResponse):
        b"".join(reponse)  # type: ignore[arg-type]
    else:
        assert isinstance(reponse, HttpResponse)


def commencer(navigateur: Client, pays: Pays) -> None:
    """Begin what some pages go on with: a designation of all, to somebody."""
    session = navigateur.session
    cles = list(Habilitation.objects.vivantes().filter(espace=pays.espace).values_list("adhesion_id", flat=True))
    autre = pays.jeu.espaces[1]
    for code, role in (("suppleants", "SUPPLEANT"), ("delegations", "ACTEUR")):
        session[f"designation_{code}"] = {
            "adhesions": sorted(cles),
            "beneficiaires": [str(autre.pk)],
            "role": role,
            "expire_le": "",
        }
    accordees = Habilitation.objects.vivantes().filter(accordee_par__espace=pays.espace, role=Role.ACTEUR_DELEGANT)
    session["changement"] = {"action": "retirer_delegation", "cles": [str(une.pk) for une in accordees]}
    session.save()


def _dire_pourquoi(pays: Pays) -> None:
    """Let each agent who may look at the measured espace as its holder sees it."""
    for agent in pays.agents:
        if espace_montrable(agent, pays.espace.pk) is not None:
            dire_pourquoi(acteur=agent, espace=pays.espace, raison=Raison.APPEL)


def parcourir(pays: Pays, client_de: Callable[[Espace], Client]) -> dict[str, Releve]:
    """Open everything and run every job; return what each asked."""
    grandes = grandes_tables()
    navigateur = client_de(pays.espace)
    commencer(navigateur, pays)
    releves: dict[str, Releve] = {}
    fermees: dict[str, int] = {}
    for nom, adresse in pages(pays).items():
        statut, releve = ouvrir(navigateur, adresse, grandes)
        if statut not in {200, 405} and nom in TABLE and TABLE[nom].qui is Acces.PUBLIC:
            statut, releve = ouvrir(Client(), adresse, grandes)
        if statut == 200:
            releves[nom] = releve
        elif statut != 405:  # 405 takes a POST alone
            fermees[nom] = statut
    inconnues = {nom: statut for nom, statut in fermees.items() if nom not in SANS_PAGE}
    assert not inconnues, f"{inconnues}: give them what they go on with (`commencer`, `adresses`), or say why not"
    assert not set(SANS_PAGE) - set(fermees), set(SANS_PAGE) - set(fermees)
    for nom, donnees in {"delegations_exporter": {"format": "csv"}, "suppleants_exporter": {"format": "csv"}}.items():
        with relever(grandes) as releves[f"{nom} (fichier)"]:
            _lire(navigateur.post(reverse(nom), donnees))
    agents = [client_verifie(agent) for agent in pays.agents]
    _dire_pourquoi(pays)
    for nom, adresse in pages_d_agent(pays).items():
        for agent in agents:
            statut, releves[nom] = ouvrir(agent, adresse, grandes)
            if statut in {200, 302}:  # a search that finds one thing leads to it
                break
        assert statut == 200 or (statut == 302 and "chercher" in nom), f"{nom}: {statut}"
    releves |= _ouvrir_les_actes(pays, agents, grandes)
    for nom, entree in CALENDRIER.items():
        with relever(grandes) as releves[f"tâche {nom}"]:
            _tache(entree["task"])()
    return releves


def _ouvrir_les_actes(pays: Pays, agents: list[Client], grandes: frozenset[str]) -> dict[str, Releve]:
    """Open the page of each act as the first agent whom it is for; return what each asked."""
    releves: dict[str, Releve] = {}
    for nom, adresse in pages_des_actes(pays).items():
        statuts = set()
        for agent in agents:
            statut, releves[nom] = ouvrir(agent, adresse, grandes)
            statuts.add(statut)
            if statut == 200:
                break
        assert (200 in statuts) is (nom not in ACTES_SANS_OBJET), f"{nom}: {statuts}"
    return releves


def _tache(nom: str) -> Any:
    for app in apps.get_app_configs():
        if app.name in nom or f"{app.label}." in nom:
            import_module(f"{app.name}.tasks")
    return current_app.tasks[nom]


@contextmanager
def _vingt_courriels(lot: str) -> Iterator[None]:
    """Twenty mails to send, so that the sweep has work both times."""
    for rang in range(20):
        courriels.deposer(
            "demande_annulee",
            destinataire=f"p{rang}@cabinet-dupont.fr",
            acte=f"{lot}:{rang}",
            contexte={"reference": "D-1", "denomination": "DANONE"},
        )
    yield


def preparer_la_base() -> None:
    """As among 5 million: there a table is read whole only where no index serves, here it might be cheaper."""
    with connection.cursor() as curseur:
        curseur.execute("SET enable_seqscan = off")
        curseur.execute("SET random_page_cost = 1.1")


@pytest.fixture
def pays() -> Pays:
    pays = installer()
    liste = Liste("delegations-accordees", ("ACTEUR", "ACTEUR_DELEGANT"), recues=False, filtres=Filtres())
    type(pays.export).objects.filter(pk=pays.export.pk).update(liste=liste.en_json())
    return pays


def test_les_octets_sont_ceux_de_la_requete_elle_meme() -> None:
    """The list of columns is not counted, nor taken for ended by a subquery or a text that stands in it."""
    assert apres_les_colonnes("SELECT a, (SELECT 1 FROM x WHERE y = ')') AS b FROM t WHERE c") == "t WHERE c"
    assert apres_les_colonnes("SELECT ' FROM ' FROM t") == "t"
    assert apres_les_colonnes("SELECT (SELECT 1 FROM x)") == "SELECT (SELECT 1 FROM x)"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fin", "entiere"),
    [
        ("LIMIT 100", False),
        ("WHERE n % 2 = 0 LIMIT 1000", False),  # it looked at 2,000
        ("WHERE n < 0 LIMIT 100", True),  # nothing stopped it
        ("ORDER BY n DESC LIMIT 100", True),
        ("WHERE n > 15000 LIMIT 100", True),  # more than half before the first one
        ("", True),
    ],
)
def test_ce_qu_une_limite_arrete_n_est_pas_lu_en_entier(
    fin: str, entiere: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    with connection.cursor() as curseur:
        curseur.execute("CREATE TABLE grande_lue AS SELECT g AS n FROM generate_series(1, 20000) g")
        curseur.execute("ANALYZE grande_lue")
        demande = f"SELECT count(*) FROM (SELECT n FROM grande_lue {fin}) lues"
        with relever(frozenset({"grande_lue"})) as releve:
            curseur.execute(demande)
        assert bool(releve.entieres) is entiere
        monkeypatch.setattr(plans, "ARRETEE", 0)
        with relever(frozenset({"grande_lue"})) as releve:
            curseur.execute(demande)
        assert releve.entieres, "within so many blocks alone"


@pytest.mark.django_db(transaction=True)
def test_chaque_page_et_chaque_travail_dans_un_pays(
    pays: Pays, client_de: Callable[[Espace], Client], subtests: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        rafales, "horloge", honnete.horloge()
    )  # so many files in a minute would be a burst, and signalled
    debut = time.monotonic()
    grossir(pays)
    preparer_la_base()
    assert grandes_tables() >= GRANDES
    charge = time.monotonic()
    with _vingt_courriels("pays"):
        releves = parcourir(pays, client_de)
    print(f"\nloaded in {charge - debut:.0f} s, walked in {time.monotonic() - charge:.0f} s")
    for nom, releve in releves.items():
        print(f"\n{nom:<48} {releve.nombre:>4} requêtes {releve.blocs:>7} blocs {releve.octets:>7} octets")
        with subtests.test(nom):
            assert not defauts(nom, releve), "\n".join(defauts(nom, releve))
    inconnus = set(REQUETES_ADMISES) | set(BLOCS_ADMIS) | set(OCTETS_ADMIS) | set(ENTIERES_ADMISES)
    assert inconnus <= set(releves), inconnus - set(releves)


@pytest.mark.long
@pytest.mark.skipif(os.environ.get("ESSAIS_LONGS") != "1", reason="the walk twice: ESSAIS_LONGS=1")
@pytest.mark.django_db(transaction=True)
def test_rien_ne_grandit_avec_le_pays(pays: Pays, client_de: Callable[[Espace], Client], subtests: Any) -> None:
    preparer_la_base()
    with _vingt_courriels("avant"):
        avant = parcourir(pays, client_de)
    grossir(pays)
    with _vingt_courriels("apres"):
        apres = parcourir(pays, client_de)
    assert set(avant) == set(apres)
    for nom, releve in apres.items():
        print(f"\n{nom:<48} {avant[nom].blocs:>7} → {releve.blocs:>7} blocs")
        if nom in BLOCS_ADMIS:
            continue
        with subtests.test(nom):
            assert releve.blocs <= CROISSANCE * avant[nom].blocs + JEU
