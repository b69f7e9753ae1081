"""The reduced style sheet draws every page as the whole one does, and a first visit costs what test_poids.py reckons."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.urls import reverse
from playwright.sync_api import Browser, BrowserContext, Page, Route
from pytest_django.live_server_helper import LiveServer

from accounts.models import Espace
from espacepro import statiques
from habilitations.models import Role
from tests.factories import EspaceFactory, ServiceFactory, accorder, habiliter

pytestmark = pytest.mark.django_db(transaction=True)
LARGEURS = (1280, 390)


@pytest.fixture
def serveur(live_server: LiveServer) -> Iterator[str]:
    """The portal with its own WhiteNoise, where `live_server` serves files by Django's handler for tests."""
    vrai = LiveServer("localhost", start=False)
    vrai.thread.static_handler = lambda application: application
    vrai.start()
    yield vrai.url
    vrai.stop()


def entiere() -> str:
    """Return the sheet as it would be if nothing were taken out."""
    feuilles: tuple[Path, ...] = (*statiques.FEUILLES_DSFR, *statiques.NOS_FEUILLES)
    return "\n".join(statiques.autonome(f.read_text(encoding="utf-8"), f) for f in feuilles)


def test_la_feuille_reduite_dessine_comme_l_entiere(
    live_server: LiveServer, page: Page, connecter: Callable[[Espace], None]
) -> None:
    """Also where a script or a refusal adds classes: a wrong form, the menu of a telephone, an open fold."""
    tout = entiere()

    def remplacer(route: Route) -> None:
        route.fulfill(body=tout, content_type="text/css")

    def photo() -> bytes:
        tire_au_sort = page.locator("[name=reponse_confiance]")  # proposed anew each time
        return page.screenshot(full_page=True, animations="disabled", mask=[tire_au_sort])

    def images() -> list[bytes]:
        prises = []
        for largeur in LARGEURS:
            page.set_viewport_size({"width": largeur, "height": 900})
            page.wait_for_load_state("networkidle")
            menu = page.locator("[data-fr-js-modal-button]:visible, .fr-btn--menu:visible")
            if largeur == LARGEURS[-1] and menu.count():
                prises.append(photo())
                menu.first.click()
                page.locator(".fr-modal--opened").wait_for()
            prises.append(photo())
        return prises

    def comparer(adresse: str, agir: Callable[[], None] = lambda: None) -> None:
        prises = []
        for complete in (False, True):
            if complete:
                page.route("**/css/espace.css", remplacer)
            page.set_viewport_size({"width": LARGEURS[0], "height": 900})
            page.goto(live_server.url + adresse)
            agir()
            prises.append(images())
            page.unroute("**/css/espace.css")
        assert prises[0] == prises[1], adresse

    comparer(reverse("accueil"))
    comparer(reverse("inscription_expert"), lambda: page.locator("main form button[type=submit]").last.click())
    espace = EspaceFactory()
    with transaction.atomic():
        racine = habiliter(espace, service=ServiceFactory(code="DECL_TVA"))
        accorder(racine, EspaceFactory(), Role.SUPPLEANT)
        accorder(racine, EspaceFactory(), Role.ACTEUR)
    connecter(espace)
    for nom in ("espace", "delegations_designer"):
        comparer(reverse(nom))
    comparer("/introuvable/")


def test_une_premiere_visite_dans_chromium(serveur: str, browser: Browser, espace: Espace) -> None:
    """The bytes on the wire, caches empty: what the page, its sheet, its scripts, its icon and its faces weigh."""
    for adresse in (reverse("accueil"), reverse("connexion"), reverse("inscription_expert")):
        contexte: BrowserContext = browser.new_context()
        page = contexte.new_page()
        recus: list[float] = []
        outil = contexte.new_cdp_session(page)
        outil.send("Network.enable")
        demandes: set[str] = set()  # not the icons, which the sheet holds

        def demander(depart: dict[str, Any], demandes: set[str] = demandes) -> None:
            if depart["request"]["url"].startswith("http"):
                demandes.add(depart["requestId"])

        def recevoir(fin: dict[str, Any], demandes: set[str] = demandes, recus: list[float] = recus) -> None:
            if fin["requestId"] in demandes:
                recus.append(fin["encodedDataLength"])

        outil.on("Network.requestWillBeSent", demander)
        outil.on("Network.loadingFinished", recevoir)
        page.goto(serveur + adresse)
        page.wait_for_load_state("networkidle")
        assert 5 <= len(recus) <= 12, (adresse, recus)
        assert 20_000 < sum(recus) <= 120_000, (adresse, sum(recus))
        contexte.close()
