"""A blocked robot, and the human behind the same address, who goes on: with scripts by the verification, without them by mail (R17)."""

import http.client
import re
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from accounts.espace import oubli
from accounts.models import Espace
from accounts.mots_de_passe.hachage import hacher_reponse
from accounts.saisies.reponses import normaliser_reponse
from surveillance.automates import liste, releve
from surveillance.automates.blocages import AdressePartagee, ReseauDesAgents, bloquer_automate
from surveillance.models import BlocageIP
from tests.factories import MOT_DE_PASSE, REPONSE, EspaceFactory

from .scenes import AVEC_ET_SANS, lien_recu, voir

pytestmark = pytest.mark.django_db(transaction=True)
ADRESSE = "203.0.113.77"
NOUVEAU = "brouillard kayak 81 moutarde violon"


@pytest.fixture
def meme_adresse(monkeypatch: pytest.MonkeyPatch, settings: Settings, page: Page) -> Iterator[None]:
    """The robot and the browser reach the portal through one proxy, from one address; the pace is the real one."""
    settings.PROXYS = 1
    monkeypatch.setattr(releve, "horloge", time.time)
    liste._processus.liste = liste.Liste()
    page.set_extra_http_headers({"X-Forwarded-For": ADRESSE})
    yield
    liste._processus.liste = liste.Liste()


def demander_en_robot(live_server: LiveServer, chemin: str) -> int:
    """Ask for a page as curl does; return the status."""
    ligne = http.client.HTTPConnection(urlsplit(live_server.url).netloc, timeout=60)
    try:
        ligne.request("GET", chemin, headers={"User-Agent": "curl/8.14.1", "Accept": "*/*", "X-Forwarded-For": ADRESSE})
        return ligne.getresponse().status
    finally:
        ligne.close()


def verifier(page: Page, montrer: Callable[[str], None]) -> None:
    """The browser computes for half a second, has a pass and goes on by itself: held here, so that the page can be looked at."""
    page.add_init_script(
        "HTMLFormElement.prototype.requestSubmit = () => { document.documentElement.dataset.partie = ''; }"
    )
    page.get_by_role("link", name=re.compile("vérifiez que vous n.êtes pas un automate")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Vérifions que vous n’êtes pas un automate")
    expect(page.locator("altcha-widget").get_by_text("Vérifié")).to_be_visible()
    expect(page.locator("html[data-partie]")).to_have_count(1)
    montrer("automate-verifier")
    page.get_by_role("button", name="Continuer").click()
    expect(page.get_by_role("link", name="Se connecter").first).to_be_visible()


def passer_par_un_courriel(page: Page, racine: str, espace: Espace, montrer: Callable[[str], None]) -> None:
    """The forgotten password stays open; the browser where its link is followed is one that the account knows."""
    page.get_by_role("link", name=re.compile("demandez un nouveau mot de passe")).click()
    montrer("automate-oubli")
    page.get_by_label("Adresse électronique de connexion").fill(espace.compte.email)
    page.get_by_role("button", name="Recevoir le lien").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Consultez votre messagerie")
    oubli.traiter_en_attente()
    page.goto(racine + lien_recu(espace.compte.email, "/lien/mot-de-passe/"))
    page.get_by_label("Votre réponse").fill(REPONSE)
    page.get_by_role("button", name="Continuer").click()
    page.locator("#id_nouveau").fill(NOUVEAU)
    page.get_by_role("button", name="Enregistrer le mot de passe").click()
    expect(page.get_by_text("Votre mot de passe est changé")).to_be_visible()


@pytest.mark.usefixtures("meme_adresse")
@pytest.mark.parametrize("largeur", AVEC_ET_SANS)
def test_un_robot_est_bloque_et_l_humain_derriere_la_meme_adresse_entre(
    page: Page, live_server: LiveServer, plaintes: list[str], regarder: Callable[[], None], largeur: int
) -> None:
    espace = EspaceFactory(reponse_confiance=hacher_reponse(normaliser_reponse(REPONSE)))
    connexion = live_server.url + reverse("connexion")

    def montrer(nom: str) -> None:
        voir(page, nom, largeur)
        if largeur == 1280:
            regarder()

    statuts = [demander_en_robot(live_server, reverse("connexion")) for _ in range(8)]
    assert statuts == [200, *[403] * 7]
    blocage = BlocageIP.objects.get()
    assert str(blocage.reseau) == f"{ADRESSE}/32"
    assert blocage.jusqu_a is not None
    assert blocage.jusqu_a - blocage.bloque_le == timedelta(minutes=15)

    refus = page.goto(connexion)
    assert refus is not None
    assert refus.status == 403
    expect(page.get_by_role("heading", level=1)).to_have_text("L’adresse d’où vous venez est bloquée")
    montrer("automate-bloque")
    if largeur == 1280:
        verifier(page, montrer)
    else:
        passer_par_un_courriel(page, live_server.url, espace, montrer)
    page.goto(connexion)
    page.get_by_label("Adresse électronique").fill(espace.compte.email)
    page.locator("#id_password").fill(MOT_DE_PASSE if largeur == 1280 else NOUVEAU)
    page.get_by_role("button", name="Se connecter").click()
    expect(page).to_have_url(live_server.url + reverse("espace"))
    assert demander_en_robot(live_server, reverse("connexion")) == 403, "the robot is where it was"
    suivie = page.goto(live_server.url + reverse("securite"))
    assert suivie is not None
    assert suivie.status == 200
    assert BlocageIP.objects.count() == 1
    assert [plainte for plainte in plaintes if "403" not in plainte] == []


def test_l_adresse_du_portail_ne_se_bloque_pas() -> None:
    with pytest.raises((ReseauDesAgents, AdressePartagee)):
        bloquer_automate(acteur="systeme:automates", adresse="127.0.0.1", marques={})
