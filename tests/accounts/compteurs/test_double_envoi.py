"""A second press of « Confirmer cette adresse » leads where the first one did; a link that served long ago does not."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.envois.liens import jeton
from accounts.espace.changement_adresse import annuler_changement, demander_changement
from accounts.models import Espace, Lien
from accounts.traces.acteurs import Visiteur

pytestmark = pytest.mark.django_db

NOUVELLE = "jeanne.martin@cabinet-neuf.fr"
DIT = f"Votre adresse de connexion est désormais {NOUVELLE}."


@pytest.fixture
def confirmation(espace: Espace) -> str:
    """The address of the page that confirms a change."""
    demander_changement(acteur=espace, nouvelle=NOUVELLE)
    lien = Lien.objects.get(objet=Lien.Objet.CHANGEMENT_ADRESSE)
    return reverse("confirmer_changement_adresse", args=[jeton(lien)])


def test_la_seconde_pression_mene_ou_la_premiere_mene(
    confirmation: str, espace: Espace, client_de: Callable[[Espace], Client]
) -> None:
    client = client_de(espace)
    assert client.post(confirmation)["Location"] == reverse("identifiants")
    assert client.post(confirmation).headers.get("Location") == reverse("identifiants")
    assert client.get(reverse("identifiants")).content.decode().count(DIT) == 1


def test_sans_session_la_seconde_pression_mene_a_la_connexion(confirmation: str) -> None:
    """The browser may send the second press before it has read the first answer, cookies included."""
    assert Client().post(confirmation)["Location"] == reverse("connexion")
    second = Client()
    assert second.post(confirmation).headers.get("Location") == reverse("connexion")
    assert DIT in second.get(reverse("connexion")).content.decode()


def test_un_lien_qui_a_servi_ne_s_ouvre_plus(confirmation: str) -> None:
    assert Client().post(confirmation).status_code == 302
    assert Client().get(confirmation).status_code == 410
    Lien.objects.update(consomme_le=timezone.now() - timedelta(minutes=2))
    assert Client().post(confirmation).status_code == 410


def test_un_changement_annule_n_est_pas_annonce(confirmation: str) -> None:
    assert Client().post(confirmation).status_code == 302
    annuler_changement(
        acteur=Visiteur(jeton=jeton(Lien.objects.get(objet=Lien.Objet.ANNULATION_ADRESSE, revoque_le=None)))
    )
    assert Client().post(confirmation).status_code == 410
