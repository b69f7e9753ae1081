"""The home page of who waits for a code: the course of the demande, in short (issue 13.1; pages.md 01d)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Espace
from activation.demandes.suivi import SUIVIES, demandes_suivies
from activation.models import Courrier, Demande, Signalement
from tests.activation import scenes
from tests.charge.mesures import compter
from tests.factories import PersonneFactory, ServiceFactory
from tests.habilitations.scenes import texte

pytestmark = pytest.mark.django_db
JOUR = timedelta(days=1)
PARTIE, ARRIVEE = "Lettre partie", "Arrivée probable chez le représentant légal"
SAISIE = "Code saisi, services ouverts aussitôt"


@pytest.fixture
def demande(espace: Espace) -> Demande:
    service = ServiceFactory(code="DECL_TVA", libelle="Déclarer la TVA")
    return scenes.adhesion(espace, PersonneFactory(denomination="SCI LES TILLEULS"), service)


def course(espace: Espace, **avance: int) -> list[tuple[str, str]]:
    _, (suivie,) = demandes_suivies(espace, maintenant=timezone.now() + timedelta(**avance))
    return [(etape["titre"], etape["etat"]) for etape in suivie.etapes][1:]


def test_de_la_lettre_au_code(espace: Espace, demande: Demande) -> None:
    assert course(espace) == [("Lettre en préparation", "en_cours"), (SAISIE, "a_venir")]
    Courrier.objects.update(pas_avant=timezone.now() + 3 * JOUR)
    assert course(espace)[0] == ("Lettre à son tour d’envoi", "a_venir")
    Courrier.objects.update(pas_avant=None)
    scenes.editer(demande)
    assert course(espace) == [(PARTIE, "fait"), (ARRIVEE, "en_cours"), (SAISIE, "a_venir")]
    assert course(espace, days=15) == [(PARTIE, "fait"), (ARRIVEE, "fait"), (SAISIE, "en_cours")]


@pytest.mark.parametrize(
    ("changement", "dit"),
    [
        ({"etat": Courrier.Etat.NPAI}, "Lettre revenue : faites corriger l’adresse"),
        ({"essais": 5}, "Ce code ne peut plus servir : demandez un nouveau courrier"),
        ({"expire_le": timezone.now() - JOUR}, "Ce code ne peut plus servir : demandez un nouveau courrier"),
    ],
)
def test_ce_qui_l_empeche(espace: Espace, demande: Demande, changement: dict[str, Any], dit: str) -> None:
    scenes.editer(demande)
    Courrier.objects.update(**changement)
    assert (dit, "echec") in course(espace, days=15)
    assert course(espace, days=15)[-1] == (SAISIE, "a_venir")


def test_un_code_suspendu(espace: Espace, demande: Demande) -> None:
    scenes.editer(demande)
    Signalement.objects.create(demande=demande, origine="COURRIER", suspend_jusqu_au=timezone.now() + 20 * JOUR)
    assert course(espace, days=15)[-2:] == [("Code suspendu", "en_cours"), (SAISIE, "a_venir")]
    assert course(espace, days=21)[-1] == (SAISIE, "en_cours")


def test_l_accueil_la_montre_et_la_montre_seule(
    espace: Espace, demande: Demande, client_de: Callable[[Espace], Client]
) -> None:
    scenes.editer(demande)
    navigateur = client_de(espace)
    accueil = texte(navigateur.get(reverse("espace")))
    assert "Adhésion à des services pour SCI LES TILLEULS" in accueil
    assert "Déclarer la TVA" in accueil
    assert PARTIE in accueil
    assert reverse("demande", args=[demande.reference]) in accueil
    assert "À faire" not in accueil, "the field and the course say it all"
    for _ in range(SUIVIES):
        scenes.editer(scenes.adhesion(espace, PersonneFactory()))
    assert compter(navigateur, reverse("espace")) <= 8
    accueil = texte(navigateur.get(reverse("espace")))
    assert accueil.count('class="ep-suivie"') == SUIVIES
    assert f"Les {SUIVIES + 1} demandes qui attendent leur code" in accueil
