"""« Gérer les services »: the CGU's entries by their names, each with its state; what does not apply is hidden (issue 13.5)."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import Espace
from espacepro.accueil.gerer import groupes
from habilitations.lectures import gerer
from habilitations.models import Habilitation, Role
from tests.factories import EspaceFactory, accorder, habiliter

pytestmark = pytest.mark.django_db
ADMINISTRER = {"suppleants", "revue_substitution", "journal_personne", "courriel_entreprise"}
PARTAGER = {"delegations", "designation_fichier", "revue_delegations"}


def etats(espace: Espace) -> dict[str, str]:
    return {entree.page: entree.etat for groupe in groupes(espace) for entree in groupe.entrees}


@pytest.mark.parametrize(
    ("role", "montrees", "cachees"),
    [
        (None, {"adherer", "activer", "retraits", "perimetre"}, ADMINISTRER | PARTAGER | {"retraits_choisir"}),
        (
            Role.ACTEUR,
            {"delegations", "habilitations_recentes"},
            ADMINISTRER | {"designation_fichier", "revue_delegations"},
        ),
        (Role.ACTEUR_DELEGANT, PARTAGER | {"habilitations_recentes"}, ADMINISTRER),
        (Role.SUPPLEANT, PARTAGER | {"suppleants", "journal_personne", "courriel_entreprise"}, {"revue_substitution"}),
        (Role.TITULAIRE, ADMINISTRER | PARTAGER | {"retraits_choisir"}, {"habilitations_recentes", "passer_expert"}),
    ],
)
def test_ce_qui_ne_s_applique_pas_au_role_est_cache(
    espace: Espace, role: str | None, montrees: set[str], cachees: set[str]
) -> None:
    if role == Role.TITULAIRE:
        habiliter(espace)
    elif role is not None:
        accorder(habiliter(EspaceFactory()), espace, role)
    pages = set(etats(espace))
    assert pages >= montrees
    assert not pages & cachees


def test_un_espace_simplifie_ne_se_partage_pas(espace: Espace, client_de: Callable[[Espace], Client]) -> None:
    espace.mode = Espace.Mode.SIMPLIFIE
    espace.save()
    habiliter(espace)
    pages = set(etats(espace))
    assert "passer_expert" in pages
    assert not pages & {"adherer", "substitution", "suppleants", "perimetre", *PARTAGER}
    assert "Passer en espace expert" in client_de(espace).get(reverse("gerer_services")).text


def test_l_etat_est_a_cote(espace: Espace, client_de: Callable[[Espace], Client]) -> None:
    racine, autre = habiliter(espace), habiliter(espace)
    accorder(racine, EspaceFactory(), Role.SUPPLEANT)
    accorder(
        racine,
        EspaceFactory(),
        Role.SUPPLEANT,
        etat="EN_VEILLE",
        veille_motif="TITULAIRE",
        veille_depuis=timezone.now(),
    )
    for rang in range(3):
        age = timedelta(days=400 if rang == 0 else 1)
        accorder(autre, EspaceFactory(), Role.ACTEUR, accordee_le=timezone.now() - age)
    lus = etats(espace)
    assert lus["suppleants"] == "2, dont 1 en veille"
    assert lus["delegations"] == "3 délégations, 1 à revoir"
    assert lus["revue_delegations"] == "1 délégation à revoir"
    assert lus["vos_habilitations"] == "2 pour 2 SIREN"
    assert lus["perimetre"] == "2 SIREN sur 100"
    assert lus["demandes"] == "", "zero is not written"
    page = client_de(espace).get(reverse("gerer_services")).text
    (etat,) = re.findall(r'>Gérer vos délégations</a>\s*<span class="ep-etats__etat[^>]*>([^<]*)<', page)
    assert etat == lus["delegations"]
    assert page.count(f'href="{reverse("supprimer_espace")}"') >= 1


def test_au_dela_de_ce_qui_se_compte(espace: Espace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gerer, "COMPTEES_AU_PLUS", 2)
    racine = habiliter(espace)
    for _ in range(3):
        accorder(racine, EspaceFactory(), Role.ACTEUR)
    assert etats(espace)["delegations"] == "plus de 2 délégations"


def test_autant_de_requetes_quoi_que_l_on_tienne(
    espace: Espace, client_de: Callable[[Espace], Client], django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client = client_de(espace)
    client.get(reverse("gerer_services"))
    for _ in range(2):
        for _ in range(6):
            accorder(habiliter(espace), EspaceFactory(), Role.ACTEUR)
        with django_assert_max_num_queries(8):
            assert client.get(reverse("gerer_services")).status_code == 200
    assert Habilitation.objects.filter(espace=espace).count() == 12
