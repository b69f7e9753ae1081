"""The password typed a moment before in the same browser, and the mailbox of the link: both open the session, one does not."""

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.envois.liens import jeton
from accounts.models import Application, Compte, Espace, Lien
from accounts.portes.inscription import PROUVEE, TAPE
from accounts.portes.reauthentification import PROUVE_LE
from tests.factories import MOT_DE_PASSE, REPONSE

pytestmark = pytest.mark.django_db
SAISIE = {
    "civilite": "MADAME",
    "prenom": "Amélie",
    "nom": "L'Hermite",
    "telephone": "01 23 45 67 89",
    "siren_appartenance": "552 032 534",
    "email": "amelie@cabinet-dupont.fr",
    "mot_de_passe": MOT_DE_PASSE,
    "question_confiance": "PHRASE",
    "reponse_confiance": REPONSE,
    "cgu": "on",
}


@pytest.fixture
def horloge() -> Iterator[Any]:
    with time_machine.travel(timezone.now(), tick=False) as horloge:
        yield horloge


def inscrire(client: Client) -> str:
    reponse = client.post(reverse("inscription_expert"), SAISIE)
    assert reponse.status_code == 302, reponse.context["formulaire"].errors
    return reverse("confirmer_adresse", args=[jeton(Lien.objects.get())])


def connecte(client: Client) -> bool:
    return SESSION_KEY in client.session


def cle(client: Client) -> str:
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def test_tout_ce_qui_est_a_corriger_est_dit_en_une_fois(client: Client) -> None:
    """A weak password and a revealing answer stand beside what was left empty, not after it."""
    faute = {**SAISIE, "telephone": "", "mot_de_passe": "court", "reponse_confiance": "ab"}
    formulaire = client.post(reverse("inscription_expert"), faute).context["formulaire"]
    assert set(formulaire.errors) == {"telephone", "mot_de_passe", "reponse_confiance"}
    assert "trop faible" in formulaire.errors["mot_de_passe"][0]


def test_le_meme_navigateur_entre_sans_retaper(client: Client, horloge: Any) -> None:
    page = inscrire(client)
    avant, tape_le = cle(client), time.time()
    horloge.shift(timedelta(minutes=9))
    assert client.post(page)["Location"] == reverse("inscription_confirmee")
    assert connecte(client)
    assert cle(client) != avant, "the session is a new one"
    assert client.session[PROUVE_LE] == tape_le, "the password is as old as it is"
    assert TAPE not in client.session
    assert PROUVEE not in client.session
    html = client.get(reverse("inscription_confirmee")).content.decode()
    assert f'href="{reverse("adherer")}"' in html
    assert "Se connecter" not in html
    assert client.get(reverse("gerer_services"))["Location"].startswith(reverse("question_changee")), (
        "offered once more"
    )
    assert client.get(reverse("gerer_services")).status_code == 200


def test_un_autre_appareil_entre_avec_le_mot_de_passe_qu_il_vient_de_taper(client: Client) -> None:
    page = inscrire(client)
    autre = Client()
    assert autre.post(page).status_code == 200, "the password is asked"
    assert not connecte(autre)
    assert autre.post(page, {"mot_de_passe": "faux et archi-faux"}).status_code == 200
    assert not connecte(autre)
    assert autre.post(page, {"mot_de_passe": MOT_DE_PASSE}).status_code == 302
    assert connecte(autre)
    assert not connecte(client), "the browser of the form gets nothing from what is done elsewhere"
    client.get(reverse("inscription_envoyee"))
    assert not connecte(client)


def test_un_mot_de_passe_tape_il_y_a_plus_d_une_demi_heure_se_retape(client: Client, horloge: Any) -> None:
    page = inscrire(client)
    horloge.shift(settings.SESSION_INACTIVITE + timedelta(seconds=1))
    assert client.post(page)["Location"] == reverse("inscription_confirmee")
    assert not connecte(client)
    assert f'href="{reverse("connexion")}"' in client.get(reverse("inscription_confirmee")).content.decode()


@pytest.mark.parametrize("change", ["mot_de_passe", "second_facteur"])
def test_ce_qui_a_change_depuis_se_demande(client: Client, change: str) -> None:
    page = inscrire(client)
    compte = Compte.objects.get()
    if change == "mot_de_passe":
        compte.set_password("un autre mot de passe que celui-la")
        compte.save()
    else:
        Application.objects.create(user=compte, name="application", confirmed=True)
    assert client.post(page)["Location"] == reverse("inscription_confirmee")
    assert not connecte(client)
    assert Espace.objects.get().est_actif


def test_la_session_d_une_autre_inscription_n_ouvre_rien(client: Client) -> None:
    """A session fixed by somebody else, who has typed a password of his own there, is asked this one's."""
    page = inscrire(client)
    pirate = Client()
    pirate.post(reverse("inscription_expert"), {**SAISIE, "email": "autre@cabinet-dupont.fr"})
    assert pirate.post(page).status_code == 200
    assert not connecte(pirate)


def test_le_lien_seul_n_ouvre_rien(client: Client) -> None:
    page = inscrire(client)
    client.post(page)
    passant = Client()
    assert passant.post(page).status_code == 410
    assert not connecte(passant)
