"""The browser of the journeys: the machine's Chromium, which must complain of nothing (CSP, scripts, axe)."""

import os
from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.test import Client
from playwright.sync_api import BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import Espace

from .scenes import agent_du_navigateur

POLICES_DE_L_ETAT = """[...new Set([...document.querySelectorAll("*")].map((e) => getComputedStyle(e).fontFamily))]
    .filter((police) => /Marianne|Spectral/.test(police))"""
expect.set_options(timeout=15_000)  # a hash waits its turn on a loaded machine


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """The machine's Chromium, kept from asking anything of outside hosts (stack.md, Browser), and without what says that it is driven:
    who watches automata would take it for one (R17), and is right.
    """
    calme = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
    calme += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
    chromium = os.environ.get("CHROMIUM", "/usr/bin/chromium")
    calme += ["--disable-blink-features=AutomationControlled", f"--user-agent={agent_du_navigateur(chromium)}"]
    return {**browser_type_launch_args, "executable_path": chromium, "args": calme}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_context_args, "locale": "fr-FR", "timezone_id": "Europe/Paris", "reduced_motion": "reduce"}


@pytest.fixture
def plaintes(page: Page) -> list[str]:
    """What the browser complains of (CSP, scripts, missing files) and every request to another host."""
    recues: list[str] = []
    page.on("console", lambda m: recues.append(m.text) if m.type in {"error", "warning"} else None)
    page.on("pageerror", lambda erreur: recues.append(str(erreur)))

    def regarder(url: str) -> None:
        if not url.startswith(("http://localhost", "data:")):
            recues.append(url)

    page.on("request", lambda requete: regarder(requete.url))
    return recues


@pytest.fixture
def connecter(
    context: BrowserContext, live_server: LiveServer, client_de: Callable[[Espace], Client]
) -> Callable[[Espace], None]:
    """Return a function that signs the browser in as the holder of an espace."""

    def ouvrir(espace: Espace) -> None:
        session = client_de(espace).cookies[settings.SESSION_COOKIE_NAME].value
        context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}])

    return ouvrir


@pytest.fixture
def connecte(connecter: Callable[[Espace], None], espace: Espace) -> Espace:
    """Sign the browser in as the holder of an espace."""
    connecter(espace)
    return espace


@pytest.fixture
def regarder(page: Page) -> Callable[[], None]:
    """Return a check of the page reached: one h1, a title not seen on another page, no State typeface, no axe violation,
    no sideways scroll on a desktop and on a telephone."""
    titres: dict[str, str] = {}

    def verifier() -> None:
        page.wait_for_load_state()  # what is asked of a page before its sheets have come draws it without them
        assert page.evaluate(POLICES_DE_L_ETAT) == [], page.url
        assert page.locator("h1").count() == 1, page.url
        assert titres.setdefault(page.title(), page.url.split("?")[0]) == page.url.split("?")[0], page.title()
        taille = page.viewport_size
        for largeur in (390, 1280):
            page.set_viewport_size({"width": largeur, "height": 900})
            violations = Axe().run(page).response["violations"]
            assert [(v["id"], [n["html"][:120] for n in v["nodes"][:3]]) for v in violations] == [], page.url
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{page.url} at {largeur}"
        if taille is not None:
            page.set_viewport_size(taille)

    return verifier
