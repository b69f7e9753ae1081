"""A blocked robot, and the human behind the same address: the verification in the browser, under the same CSP as every page (R17)."""

import re
from collections.abc import Callable, Iterator

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from surveillance.automates import liste
from surveillance.automates.blocages import AdressePartagee, ReseauDesAgents, bloquer_automate
from tests.factories import MOT_DE_PASSE, EspaceFactory

from .scenes import CAPTURES

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def tout_bloque(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The address of this machine is in the list of this process (no act blocks it: it is the portal's own)."""
    liste._processus.liste = liste.Liste((1, 1), {(4, 32): {2130706433: None}, (6, 128): {1: None}})
    monkeypatch.setattr(liste, "relire", lambda: liste._processus.liste)
    yield
    liste._processus.liste = liste.Liste()


@pytest.mark.usefixtures("tout_bloque")
def test_l_humain_derriere_une_adresse_bloquee_verifie_et_entre(
    page: Page, live_server: LiveServer, plaintes: list[str], regarder: Callable[[], None]
) -> None:
    espace = EspaceFactory()
    refus = page.goto(live_server.url + reverse("connexion"))
    assert refus is not None
    assert refus.status == 403
    expect(page.get_by_role("heading", level=1)).to_have_text("L’adresse d’où vous venez est bloquée")
    page.get_by_role("link", name=re.compile("vérifiez que vous n.êtes pas un automate")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Vérifions que vous n’êtes pas un automate")
    expect(page.locator("altcha-widget").get_by_text("Vérifié")).to_be_visible()
    if CAPTURES:
        for largeur in (390, 1280):
            page.set_viewport_size({"width": largeur, "height": 900})
            page.screenshot(path=f"{CAPTURES}/verifier-{largeur}.png", full_page=True)
    regarder()
    page.get_by_role("button", name="Continuer").click()
    expect(page).to_have_url(live_server.url + reverse("accueil"))
    page.goto(live_server.url + reverse("connexion"))
    page.get_by_label("Adresse électronique").fill(espace.compte.email)
    page.get_by_label("Mot de passe").first.fill(MOT_DE_PASSE)
    page.get_by_role("button", name="Se connecter").click()
    expect(page).to_have_url(live_server.url + reverse("espace"))
    assert [plainte for plainte in plaintes if "403" not in plainte] == []


def test_l_adresse_du_portail_ne_se_bloque_pas() -> None:
    with pytest.raises((ReseauDesAgents, AdressePartagee)):
        bloquer_automate(acteur="systeme:automates", adresse="127.0.0.1", marques={})
