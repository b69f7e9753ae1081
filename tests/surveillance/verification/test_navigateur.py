"""The browser that an account knows is one whose verification, if one is asked, was passed (R15)."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Espace, NavigateurConnu, Session
from accounts.models.sessions_base import empreinte
from surveillance.models import Verification
from surveillance.verification.codes import code_de
from surveillance.verification.demandes import demander_verification
from tests.accounts.scenes import connecter

pytestmark = pytest.mark.django_db


def demander(client: Client) -> Verification:
    ligne = Session.objects.get(session_key=empreinte(client.session.session_key or ""))
    verification = demander_verification(session=ligne, raison="essai")
    assert verification is not None
    return verification


def code(client: Client) -> str:
    """Ask for a code of the verification that this session waits for, and return it."""
    client.post(reverse("verifier_session_code"))
    ligne = Session.objects.get(session_key=empreinte(client.session.session_key or ""))
    return code_de(Verification.objects.get(pk=ligne.verification))


def manquer(client: Client) -> None:
    juste = code(client)
    for _ in range(5):
        client.post(reverse("verifier_session"), {"code": f"{(int(juste) + 1) % 10**8:08d}"})


def test_qui_a_manque_la_verification_n_est_pas_un_navigateur_connu(espace: Espace) -> None:
    detenteur = connecter(espace, "198.51.100.3")
    voleur = connecter(espace, "198.51.100.4")
    assert NavigateurConnu.objects.filter(compte=espace.compte).count() == 2
    verification = demander(voleur)
    manquer(voleur)
    verification.refresh_from_db()
    assert verification.manquee_le is not None
    assert [n.pk for n in NavigateurConnu.objects.filter(compte=espace.compte)] == [
        n.pk for n in NavigateurConnu.objects.filter(pk=detenteur.session["navigateur"])
    ], "the holder's stays"


def test_une_connexion_a_verifier_ne_fait_connaitre_son_navigateur_qu_une_fois_verifiee(espace: Espace) -> None:
    voleur = connecter(espace, "198.51.100.4")
    demander(voleur)
    manquer(voleur)
    with time_machine.travel(
        timezone.now() + timedelta(seconds=61), tick=False
    ):  # one code a minute of unknown browsers
        client = connecter(espace, "198.51.100.5")  # asked again: the last one was missed
        client.post(reverse("verifier_session_code"))
        assert not NavigateurConnu.objects.filter(compte=espace.compte).exists()
        verification = Verification.objects.filter(compte=espace.compte, manquee_le=None).get()
        client.post(reverse("verifier_session"), {"code": code_de(verification)})
        assert client.get(reverse("espace")).status_code == 200
        assert NavigateurConnu.objects.filter(compte=espace.compte).count() == 1
        assert any(nom.removeprefix("__Host-").startswith("connu-") for nom in client.cookies)
