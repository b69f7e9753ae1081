"""The journal of the company: what its administrators see, and what nobody else does (issue 4 item 9)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Espace, Evenement
from accounts.traces.journal import consigner
from activation.actes import CODE_INEXACT, DEMANDE_ACTIVEE, DEMANDE_DEPOSEE, DEMANDE_REFUSEE
from activation.courriers import edition
from activation.courriers.codes import CodeInexact, deriver_code
from activation.demandes.activation import activer
from activation.demandes.adhesion import deposer_adhesion
from activation.demandes.retours import refuser_demande
from activation.demandes.substitution import Choix, deposer_substitution
from activation.models import Demande
from espacepro.journal.journal_personne import Etendue, administres, etendue
from habilitations.actes import ADHESION_OUVERTE
from habilitations.models import Habilitation, Role
from habilitations.partage.delegations import deleguer
from habilitations.partage.suppleances import mettre_en_veille
from services.actes import COMPTE_BANCAIRE_AJOUTE
from services.models import Service
from tests.activation import scenes
from tests.factories import (
    AgentFactory,
    EspaceFactory,
    PersonneFactory,
    ServiceFactory,
    accorder,
    habiliter,
)

pytestmark = pytest.mark.django_db
ADRESSE = "/espace/journal-entreprise/"


@pytest.fixture
def racine(db: None) -> Habilitation:
    """A titulaire who shared his service, so that something is told."""
    racine = habiliter(EspaceFactory(prenom="Awa", nom="Diallo"))
    deleguer(
        acteur=racine.espace,
        adhesions=[racine.adhesion],
        beneficiaire=EspaceFactory(prenom="Léo", nom="Petit"),
        role=Role.ACTEUR,
    )
    return racine


def lire(client_de: Callable[[Espace], Client], espace: Espace, **filtres: str) -> Any:
    reponse = client_de(espace).get(ADRESSE, filtres)
    assert reponse.status_code == 200
    return reponse


def test_qui_a_fait_quoi(racine: Habilitation, client_de: Callable[[Espace], Client]) -> None:
    suppleant = accorder(racine, EspaceFactory(), Role.SUPPLEANT)
    (ligne,) = lire(client_de, suppleant.espace).context["lignes"]
    assert (ligne.acte, ligne.auteur, ligne.concerne, ligne.role) == (
        "Délégation accordée",
        "Awa Diallo",
        "Léo Petit",
        "acteur",
    )
    (ligne,) = lire(client_de, racine.espace).context["lignes"]
    assert ligne.auteur == "vous"


def test_deux_comptes_bancaires_ne_font_pas_deux_lignes_identiques(client_de: Callable[[Espace], Client]) -> None:
    """Who looks into a fraud tells the accounts apart (walker 7: 15), in the holder's own journal too."""
    racine = habiliter(EspaceFactory(), service=ServiceFactory(paiement=True))
    for compte in ("FR •••• 0189", "FR •••• 4032"):
        siren = racine.adhesion.personne.siren
        consigner(COMPTE_BANCAIRE_AJOUTE, auteur=racine.espace, siren=siren, details={"compte": compte})
    page = lire(client_de, racine.espace)
    assert [ligne.objet for ligne in page.context["lignes"]] == ["FR •••• 4032", "FR •••• 0189"]
    for lue in (page, client_de(racine.espace).get(reverse("journal"))):
        assert "FR •••• 0189" in lue.content.decode()


@pytest.mark.parametrize("role", [Role.ACTEUR_DELEGANT, Role.ACTEUR, None])
def test_les_autres_ne_voient_rien(
    racine: Habilitation, client_de: Callable[[Espace], Client], role: str | None
) -> None:
    espace = accorder(racine, EspaceFactory(), role).espace if role else EspaceFactory()
    page = lire(client_de, espace)
    assert page.context["lignes"] == []
    assert "Diallo" not in page.content.decode()
    for methode, adresse in (("get", ADRESSE), ("post", ADRESSE + "exporter/")):
        reponse = getattr(client_de(espace), methode)(adresse, {"siren": racine.personne.siren})
        assert reponse.status_code == 404, "a foreign SIREN does not exist"


def test_un_suppleant_en_veille_ne_voit_plus_rien(racine: Habilitation, client_de: Callable[[Espace], Client]) -> None:
    suppleant = accorder(racine, EspaceFactory(), Role.SUPPLEANT)
    mettre_en_veille(acteur=racine.espace, suppleances=[suppleant])
    assert lire(client_de, suppleant.espace).context["lignes"] == []


def test_la_matrice_seule_decide(racine: Habilitation) -> None:
    """Not even for an espace that is not active any more: the permission backend gives it nothing."""
    assert list(administres(racine.espace)) == [racine]
    Espace.objects.filter(pk=racine.espace_id).update(etat=Espace.Etat.DESACTIVE)
    desactive = Espace.objects.get(pk=racine.espace_id)
    assert not administres(desactive).exists()
    assert etendue(desactive) == Etendue([], [])


def test_service_par_service(racine: Habilitation, client_de: Callable[[Espace], Client]) -> None:
    autre = habiliter(EspaceFactory(), personne=racine.personne)
    deleguer(acteur=autre.espace, adhesions=[autre.adhesion], beneficiaire=EspaceFactory(), role=Role.ACTEUR)
    assert Evenement.objects.filter(siren=racine.personne.siren).count() == 2
    lignes = lire(client_de, racine.espace).context["lignes"]
    assert [ligne.service for ligne in lignes] == [racine.service.libelle]


def test_ni_adresse_ip_ni_numero_d_abonne(racine: Habilitation, client_de: Callable[[Espace], Client]) -> None:
    suppleant = accorder(racine, EspaceFactory(), Role.SUPPLEANT)
    texte = lire(client_de, suppleant.espace).content.decode()
    for secret in (racine.espace.numero_abonne, racine.espace.numero_lisible, "127.0.0.1"):
        assert secret not in texte


def test_filtres(racine: Habilitation, client_de: Callable[[Espace], Client]) -> None:
    titulaire = racine.espace
    autre = habiliter(titulaire)
    with transaction.atomic():
        consigner(ADHESION_OUVERTE, auteur=titulaire, siren=autre.personne.siren, service=autre.service.code)
    demain = f"{timezone.localdate() + timedelta(days=1):%Y-%m-%d}"
    aujourd_hui = f"{timezone.localdate():%Y-%m-%d}"
    cas: list[tuple[dict[str, str], int]] = [
        ({}, 2),
        ({"siren": autre.personne.siren}, 1),
        ({"service": racine.service.code}, 1),
        ({"acte": "adhesion.ouverte"}, 1),
        ({"acte": "n'importe.quoi"}, 2),
        ({"du": aujourd_hui, "au": aujourd_hui}, 2),
        ({"du": demain}, 0),
        ({"au": "2026-99-99"}, 2),
        ({"q": "petit"}, 0),
        ({"q": autre.personne.siren}, 1),
        ({"q": racine.personne.denomination}, 1),
        ({"q": "Léo Petit"}, 1),
        ({"q": "petit léo"}, 1),
        ({"q": "leo"}, 1),
        ({"q": "atéliers du nord"}, 2),
        ({"q": "Awa Petit"}, 0),
    ]
    accorder(autre, EspaceFactory(nom="Petitjean"), Role.ACTEUR)
    for filtres, attendu in cas:
        trouves = len(lire(client_de, titulaire, **filtres).context["lignes"])
        if filtres == {"q": "petit"}:
            attendu = 1  # Léo Petit, whom the délégation concerns
        assert trouves == attendu, filtres


def test_pages_et_requetes(
    racine: Habilitation, client_de: Callable[[Espace], Client], django_assert_max_num_queries: Any
) -> None:
    with transaction.atomic():
        for _ in range(60):
            consigner(ADHESION_OUVERTE, auteur=racine.espace, siren=racine.personne.siren, service=racine.service.code)
    client = client_de(racine.espace)
    with django_assert_max_num_queries(11):
        premiere = client.get(ADRESSE)
    assert premiere.context["page"].paginator.num_pages == 3
    assert len(client.get(ADRESSE, {"page": "3"}).context["lignes"]) == 11


def test_export_sur_pour_un_tableur(racine: Habilitation, client_de: Callable[[Espace], Client]) -> None:
    racine.personne.denomination = "=HYPERLINK(1)"
    racine.personne.save()
    reponse = client_de(racine.espace).post(reverse("journal_personne_exporter"))
    texte = reponse.content.decode("utf-8-sig")
    assert '"Délégation accordée"' in texte
    assert '"Awa Diallo"' in texte
    assert '"vous"' not in texte, "who opens the file is not always who downloaded it"
    assert "'=HYPERLINK(1)" in texte
    assert '"=HYPERLINK' not in texte
    assert racine.espace.numero_abonne not in texte
    assert Evenement.objects.filter(acte="journal_entreprise.exporte", auteur=racine.espace.numero_abonne).exists()


def test_le_journal_d_un_espace_ne_livre_pas_qui_agit_sur_lui(
    racine: Habilitation, client_de: Callable[[Espace], Client]
) -> None:
    """The numéro d'abonné and the address of whoever acted on one's espace are not one's to know."""
    beneficiaire = Habilitation.objects.get(role=Role.ACTEUR).espace
    Evenement.objects.bulk_create(
        [
            Evenement(
                acte="substitution.demandee",
                auteur=racine.espace.numero_abonne,
                espace=beneficiaire.numero_abonne,
                siren=racine.personne.siren,
                adresse_ip="203.0.113.9",
            )
        ]
    )
    texte = client_de(beneficiaire).get("/espace/journal/").content.decode()
    assert "une autre personne" in texte
    assert racine.espace.numero_abonne not in texte
    assert "203.0.113.9" not in texte


def test_l_adresse_de_l_entreprise_est_au_journal_de_qui_administre_sa_messagerie(
    client_de: Callable[[Espace], Client],
) -> None:
    messagerie = ServiceFactory(code="MESSAGERIE", famille=Service.Famille.MESSAGERIE)
    racine = habiliter(EspaceFactory(prenom="Awa", nom="Diallo"), service=messagerie)
    suppleant = accorder(racine, EspaceFactory(), Role.SUPPLEANT)
    acteur = accorder(racine, EspaceFactory(), Role.ACTEUR)
    voisin = habiliter(EspaceFactory(), personne=racine.personne)
    ailleurs = habiliter(EspaceFactory(), service=messagerie)
    with transaction.atomic():
        for acte in (CODE_INEXACT, DEMANDE_REFUSEE, DEMANDE_DEPOSEE, DEMANDE_ACTIVEE):
            for nature in ("COURRIEL_PERSONNE", "ADHESION"):
                siren = racine.personne.siren
                consigner(acte, auteur=racine.espace, siren=siren, details={"nature": nature, "demande": "D"})
    attendu = [
        "Adresse électronique de l’entreprise changée",
        "Changement de l’adresse électronique de l’entreprise demandé",
        "Changement de l’adresse électronique de l’entreprise refusé par le service gestionnaire",
        "Code inexact saisi pour changer l’adresse électronique de l’entreprise",
    ]
    lues = lire(client_de, suppleant.espace).context["lignes"]
    assert [ligne.acte for ligne in lues] == attendu
    assert {ligne.auteur for ligne in lues} == {"Awa Diallo"}
    for autre in (acteur, voisin, ailleurs):
        assert not lire(client_de, autre.espace).context["lignes"], "this concerns the Messagerie's administrators"
    demandes = {"demande.deposee:COURRIEL_PERSONNE": 1, "demande.activee:COURRIEL_PERSONNE": 1, "demande.deposee": 0}
    for acte, attendues in demandes.items():
        page = lire(client_de, suppleant.espace, acte=acte)
        assert len(page.context["lignes"]) == attendues, acte
        assert f'value="{acte}" selected' in page.content.decode(), "the filter proposes it"
    ailleurs_aussi = habiliter(suppleant.espace).service
    assert len(lire(client_de, suppleant.espace, service=messagerie.code).context["lignes"]) == 4
    assert not lire(client_de, suppleant.espace, service=ailleurs_aussi.code).context["lignes"]


def demande_refusee(demande: Demande, code_inexact: bool = True) -> None:
    """A wrong code, then the refusal of the service gestionnaire."""
    if code_inexact:
        with pytest.raises(CodeInexact):
            activer(acteur=demande.espace, demande=demande, saisie=deriver_code(demande=demande.pk, numero=99))
    gestionnaire = demande.personne.service_gestionnaire
    refuser_demande(acteur=AgentFactory(service_gestionnaire=gestionnaire), demande=demande, motif="Inconnu ici")


@pytest.fixture
def recevant(db: None) -> tuple[Habilitation, Habilitation, Demande]:
    """Two who asked for the same free service: one was given it, the other is refused after a wrong code."""
    personne, service = PersonneFactory(), ServiceFactory(code="DECL_TVA")
    titulaire = EspaceFactory(prenom="Awa", nom="Diallo")
    inconnu = EspaceFactory(prenom="Zoé", nom="Inconnue")
    sienne, autre = (
        deposer_adhesion(acteur=qui, personne=personne, services=[service], qualite="MANDATAIRE")
        for qui in (titulaire, inconnu)
    )
    edition.editer_en_attente(100)
    activer(acteur=titulaire, demande=sienne, saisie=scenes.code(sienne))
    racine = Habilitation.objects.get(espace=titulaire)
    suppleant = accorder(racine, EspaceFactory(), Role.SUPPLEANT)
    demande_refusee(autre)
    return racine, suppleant, autre


def test_les_demandes_sur_un_service_qu_on_administre_sans_le_nom_d_un_inconnu(
    recevant: tuple[Habilitation, Habilitation, Demande], client_de: Callable[[Espace], Client]
) -> None:
    racine, suppleant, autre = recevant
    page = lire(client_de, suppleant.espace)
    lues = [(ligne.acte, ligne.service, ligne.auteur, ligne.concerne) for ligne in page.context["lignes"]]
    tva = racine.service.libelle
    assert lues == [
        ("Demande refusée par le service gestionnaire", tva, "un agent", "une autre personne"),
        ("Code d’activation inexact saisi", tva, "une autre personne", ""),
        ("Service ouvert", tva, "Awa Diallo", ""),
        ("Demande déposée", tva, "une autre personne", ""),
        ("Demande déposée", tva, "Awa Diallo", ""),
    ]
    assert "Zoé" not in page.content.decode()
    assert lire(client_de, racine.espace).context["lignes"][-1].auteur == "vous"
    accorder(racine, autre.espace, Role.ACTEUR)
    habiliter(EspaceFactory(), personne=racine.personne)
    assert len(lire(client_de, suppleant.espace, service=racine.service.code).context["lignes"]) == 5
    assert len(lire(client_de, suppleant.espace, acte="code.inexact").context["lignes"]) == 1
    assert not lire(client_de, suppleant.espace, q="Zoé").context["lignes"], "nor may a search tell who it was"
    assert len(lire(client_de, racine.espace, q="Diallo").context["lignes"]) == 2
    export = client_de(suppleant.espace).post(reverse("journal_personne_exporter")).content.decode("utf-8-sig")
    assert '"une autre personne"' in export
    assert "Zoé" not in export


def test_les_demandes_sur_les_services_des_autres_ne_se_voient_pas(
    recevant: tuple[Habilitation, Habilitation, Demande], client_de: Callable[[Espace], Client]
) -> None:
    racine, *_ = recevant
    voisin = habiliter(EspaceFactory(), personne=racine.personne)
    ailleurs = habiliter(EspaceFactory(), service=racine.service)
    acteur = accorder(racine, EspaceFactory(), Role.ACTEUR)
    for autre in (voisin, ailleurs, acteur):
        assert not lire(client_de, autre.espace).context["lignes"]


def test_une_substitution_demandee_se_lit_une_fois_et_son_refus_aussi(
    racine: Habilitation, client_de: Callable[[Espace], Client]
) -> None:
    demandeur = EspaceFactory()
    (demande,) = deposer_substitution(
        acteur=demandeur, choix=[Choix(racine.personne, [racine.service])], qualite="MANDATAIRE"
    )
    demande_refusee(demande, code_inexact=False)
    lues = lire(client_de, racine.espace).context["lignes"]
    assert [ligne.acte for ligne in lues] == [
        "Demande refusée par le service gestionnaire",
        "Substitution de l’administrateur titulaire demandée",
        "Délégation accordée",
    ]
    assert Evenement.objects.get(acte="demande.refusee").details["nature"] == "SUBSTITUTION"
    assert lues[0].concerne == lues[1].auteur == demandeur.nom_complet, "the titulaire was told the name by mail"
