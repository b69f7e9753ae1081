"""The journal of the company: what its administrators see, and what nobody else does (issue 4 item 9)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.journal import consigner
from accounts.models import Espace, Evenement
from espacepro.journal_personne import Perimetre, administres, perimetre
from habilitations.delegations import deleguer
from habilitations.models import Habilitation, Role
from habilitations.suppleances import mettre_en_veille
from services.models import Service
from tests.factories import EspaceFactory, ServiceFactory, accorder, habiliter

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
    assert perimetre(desactive) == Perimetre([], [])


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
        consigner("adhesion.ouverte", auteur=titulaire, siren=autre.personne.siren, service=autre.service.code)
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
            consigner(
                "adhesion.ouverte", auteur=racine.espace, siren=racine.personne.siren, service=racine.service.code
            )
    client = client_de(racine.espace)
    with django_assert_max_num_queries(10):
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
        for acte in ("demande.deposee", "demande.activee"):
            for nature in ("COURRIEL_PERSONNE", "ADHESION"):
                siren = racine.personne.siren
                consigner(acte, auteur=racine.espace, siren=siren, details={"nature": nature, "demande": "D"})
    attendu = [
        "Adresse électronique de l'entreprise changée",
        "Changement de l'adresse électronique de l'entreprise demandé",
    ]
    lues = lire(client_de, suppleant.espace).context["lignes"]
    assert [ligne.acte for ligne in lues] == attendu
    assert {ligne.auteur for ligne in lues} == {"Awa Diallo"}
    for autre in (acteur, voisin, ailleurs):
        assert not lire(client_de, autre.espace).context["lignes"], "this concerns the Messagerie's administrators"
