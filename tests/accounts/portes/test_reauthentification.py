"""Sensitive pages ask the password again after ten minutes (design.md §8)."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path, reverse

from accounts.models import Espace
from accounts.portes.acces import espace_requis
from accounts.portes.reauthentification import reauthentification_requise
from espacepro.urls import urlpatterns as du_portail
from tests.factories import MOT_DE_PASSE

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]
MIDI = datetime(2027, 3, 28, 1, 55, tzinfo=ZoneInfo("Europe/Paris"))  # ten minutes over a change of hour


@reauthentification_requise
@espace_requis
def sensible(request: HttpRequest, espace: Espace) -> HttpResponse:
    recu = {nom: valeurs for nom, valeurs in request.POST.lists() if nom not in {"csrfmiddlewaretoken", "servi"}}
    return HttpResponse(f"fait {sorted(recu.items())}")


@login_not_required
def ailleurs(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ailleurs")


urlpatterns = [*du_portail, path("espace/sensible/", sensible, name="sensible"), path("ailleurs/", ailleurs)]
SENSIBLE = "/espace/sensible/"


@pytest.fixture
def client(espace: Espace) -> Client:
    client = Client()
    with time_machine.travel(MIDI, tick=False):
        reponse = client.post(reverse("connexion"), {"username": espace.compte.email, "password": MOT_DE_PASSE})
        assert reponse.status_code == 302
    return client


@pytest.mark.parametrize(("secondes", "ouverte"), [(599, True), (600, True), (601, False)])
def test_dix_minutes_apres_la_connexion(client: Client, secondes: int, ouverte: bool) -> None:
    with time_machine.travel(MIDI, tick=False) as horloge:
        horloge.shift(secondes)
        assert (client.get(SENSIBLE).status_code == 200) is ouverte
        assert client.post(SENSIBLE, {"a": "1"}).content.decode().startswith("fait") is ouverte


def test_en_lecture_la_page_demande_puis_revient(client: Client) -> None:
    with time_machine.travel(MIDI, tick=False) as horloge:
        horloge.shift(601)
        demande = client.get(SENSIBLE + "?siren=552032534&x=1")
        assert demande.status_code == 302
        page = client.get(demande["Location"])
        assert page.status_code == 200
        suite = SENSIBLE + "?siren=552032534&x=1"
        assert 'value="/espace/sensible/?siren=552032534&amp;x=1"' in page.content.decode()
        faux = client.post(demande["Location"], {"suite": suite, "confirmation_mot_de_passe": "faux"})
        assert faux.status_code == 200
        assert "pas reconnu" in faux.content.decode()
        assert client.get(SENSIBLE).status_code == 302, "a wrong password proves nothing"
        juste = client.post(demande["Location"], {"suite": suite, "confirmation_mot_de_passe": MOT_DE_PASSE})
        assert juste["Location"] == suite
        assert client.get(suite).status_code == 200
        horloge.shift(600)
        assert client.get(SENSIBLE).status_code == 200
        horloge.shift(1)
        assert client.get(SENSIBLE).status_code == 302


def test_en_ecriture_rien_de_saisi_n_est_perdu(client: Client) -> None:
    saisie = {
        "services": ["DECL_TVA", "PAY_TVA"],
        "nom": 'O"Brien <b>',
        "code_postal": "75012",
        "mot_de_passe": "secret-1",
        "nouveau": "secret-2",
        "reponse_confiance": "secret-3",
    }
    with time_machine.travel(MIDI, tick=False) as horloge:
        horloge.shift(601)
        page = client.post(SENSIBLE, saisie)
        html = page.content.decode()
        assert page.status_code == 200
        assert "secret-" not in html, "secrets are not written back into a page"
        assert "fait" not in html.split("<h1>")[1][:50]
        gardes = page.context["gardes"]
        assert gardes == [
            ("services", "DECL_TVA"),
            ("services", "PAY_TVA"),
            ("nom", 'O"Brien <b>'),
            ("code_postal", "75012"),
        ]
        assert "<b>" not in html
        renvoi: dict[str, list[str]] = {}
        for nom, valeur in gardes:
            renvoi.setdefault(nom, []).append(valeur)
        faux = client.post(SENSIBLE, {**renvoi, "confirmation_mot_de_passe": "faux"})
        assert faux.context["gardes"] == gardes
        assert client.get(SENSIBLE).status_code == 302
        fait = client.post(SENSIBLE, {**renvoi, "confirmation_mot_de_passe": MOT_DE_PASSE}).content.decode()
        assert "'services', ['DECL_TVA', 'PAY_TVA']" in fait
        assert "75012" in fait


@pytest.mark.parametrize(
    "suite", ["https://pirate.example/", "//pirate.example/", "/\\pirate.example/", "javascript:alert(1)", "ailleurs/"]
)
def test_la_suite_reste_sur_le_portail(client: Client, suite: str) -> None:
    with time_machine.travel(MIDI, tick=False):
        reponse = client.post(
            reverse("confirmer_identite"), {"suite": suite, "confirmation_mot_de_passe": MOT_DE_PASSE}
        )
        assert reponse["Location"] == reverse("accueil")


def test_le_mot_de_passe_d_un_autre_ne_prouve_rien(client: Client) -> None:
    with time_machine.travel(MIDI, tick=False) as horloge:
        horloge.shift(601)
        for mauvais in ("", " ", MOT_DE_PASSE.upper()):
            client.post(SENSIBLE, {"confirmation_mot_de_passe": mauvais})
        assert client.get(SENSIBLE).status_code == 302


def test_une_horloge_reculee_ne_prouve_rien(client: Client) -> None:
    with time_machine.travel(MIDI, tick=False) as horloge:
        horloge.shift(-60)
        assert client.get(SENSIBLE).status_code == 302


def test_sans_connexion_la_porte_est_la_meme() -> None:
    assert Client().get(SENSIBLE)["Location"].startswith(reverse("connexion"))
    assert Client().get(reverse("confirmer_identite"))["Location"].startswith(reverse("connexion"))
