"""Reminders at D+10, D+45 and D+55 (design.md §6): once each, never late, never for nothing."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from accounts.envois import courriels
from accounts.models import Courriel
from activation.courriers.rappels import rappeler_codes
from activation.demandes.lectures import detail_demande
from activation.demandes.suites import annuler_demande
from activation.models import Courrier
from tests.activation import scenes
from tests.scenes import en_parallele

pytestmark = pytest.mark.django_db
UNE_SECONDE = timedelta(seconds=1)


@pytest.fixture
def courrier() -> Courrier:
    return scenes.editer(scenes.adhesion())


@pytest.mark.parametrize("jours", [10, 45, 55])
def test_aux_bornes(courrier: Courrier, jours: int) -> None:
    moment: datetime = courrier.edite_le + timedelta(days=jours)
    assert rappeler_codes(maintenant=moment - UNE_SECONDE) == 0
    assert rappeler_codes(maintenant=moment) == 1
    assert rappeler_codes(maintenant=moment + timedelta(hours=1)) == 0, "once"
    assert Courriel.objects.filter(genre="rappel_code").count() == 1


def test_en_retard_d_au_plus_cinq_jours(courrier: Courrier) -> None:
    assert rappeler_codes(maintenant=courrier.edite_le + timedelta(days=15)) == 0
    assert rappeler_codes(maintenant=courrier.edite_le + timedelta(days=15) - UNE_SECONDE) == 1


def test_les_trois_et_leur_texte() -> None:
    courrier = scenes.editer(scenes.adhesion(), edite_le=datetime(2026, 3, 2, 9, tzinfo=UTC))
    for jours in (10, 45, 55):
        assert rappeler_codes(maintenant=courrier.edite_le + timedelta(days=jours, hours=2)) == 1
    textes = [courriels.composer(c).body for c in Courriel.objects.filter(genre="rappel_code").order_by("acte")]
    assert "il y a une dizaine de jours" in textes[0]
    assert "Il reste 15 jours" in textes[1]
    assert "Il reste 5 jours" in textes[2]
    assert all(f"{timezone.localdate(courrier.expire_le):%d/%m/%Y}" in texte for texte in textes)
    titres = [etape["titre"] for etape in detail_demande(courrier.demande).frise]
    assert titres.count("Rappel envoyé par courriel") == 3


@pytest.mark.parametrize("raison", ["annulee", "revenu", "remplace", "expire"])
def test_sans_objet(courrier: Courrier, raison: str) -> None:
    moment = courrier.edite_le + timedelta(days=10)
    if raison == "annulee":
        annuler_demande(acteur=courrier.demande.espace, demande=courrier.demande)
    elif raison == "revenu":
        Courrier.objects.update(etat=Courrier.Etat.NPAI)
    elif raison == "remplace":
        Courrier.objects.update(remplace_le=moment)
    else:
        Courrier.objects.update(expire_le=moment - UNE_SECONDE)
    assert rappeler_codes(maintenant=moment) == 0


def test_nombre_borne() -> None:
    for _ in range(3):
        scenes.editer(scenes.adhesion())
    moment = timezone.now() + timedelta(days=11)
    assert [rappeler_codes(maintenant=moment, nombre=2) for _ in range(3)] == [2, 1, 0]


@pytest.mark.django_db(transaction=True)
def test_deux_fois_a_la_fois() -> None:
    courrier = scenes.editer(scenes.adhesion())
    en_parallele(4, lambda _: rappeler_codes(maintenant=courrier.edite_le + timedelta(days=10)))
    assert Courriel.objects.filter(genre="rappel_code").count() == 1
