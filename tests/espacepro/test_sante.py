"""Health and metrics: every outbox is counted, for loopback only."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import DemandeOubli, Envoi
from espacepro.views.sante import BOITES

pytestmark = pytest.mark.django_db


def mesures(client: Client) -> dict[str, float]:
    lignes = client.get(reverse("metrics")).content.decode().splitlines()
    return {nom: float(valeur) for nom, valeur in (ligne.rsplit(" ", 1) for ligne in lignes if ligne[0] != "#")}


def test_sante(client: Client) -> None:
    assert client.get(reverse("sante")).json() == {"postgresql": True, "redis": True}


def test_aucune_boite_d_envoi_n_est_oubliee() -> None:
    assert {modele for _, modele in BOITES} == set(Envoi.__subclasses__())


def test_ce_qui_attend_et_ce_qui_est_ecarte(client: Client) -> None:
    maintenant = timezone.now()
    repris = {"bail_jusqu_a": maintenant + timedelta(minutes=1)}
    for heures, fait in (
        (3, {}),
        (1, {}),
        (-1, {}),
        (9, {"traite_le": maintenant}),
        (9, {"ecarte_le": maintenant}),
        (5, repris),
    ):
        du = maintenant - timedelta(hours=heures)
        DemandeOubli.objects.create(
            adresse="a@b.fr", cree_le=maintenant - timedelta(days=1), prochain_essai_le=du, **fait
        )
    mesure = mesures(client)
    assert mesure['espacepro_envois_en_attente{boite="oublis"}'] == 4, "due, to be tried later, and in somebody's hands"
    assert mesure['espacepro_envois_ecartes{boite="oublis"}'] == 1
    assert 3 * 3600 <= mesure['espacepro_envoi_retard_secondes{boite="oublis"}'] < 3 * 3600 + 60
    assert mesure['espacepro_envois_en_attente{boite="courriels"}'] == 0


def test_les_mesures_ne_sortent_pas_de_la_machine(client: Client) -> None:
    assert client.get(reverse("metrics"), REMOTE_ADDR="203.0.113.7").status_code == 404
