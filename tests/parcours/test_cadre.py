"""The frame of the pages in a real browser: strict CSP, typefaces, errors that take the focus, end of session."""

import re
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import Espace
from tests.parcours.scenes import voir

MINUTE = 60_000
PUBLIQUES = [
    "/",
    "/aide/",
    "/aide/code-d-activation/",
    "/services/",
    "/plan-du-site/",
    "/mentions-legales/",
    "/cgu/",
    "/accessibilite/",
    "/donnees-personnelles/",
    "/connexion/",
    "/signaler/",
    "/signaler/recu/",
    "/inexistante/",
]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("largeur", "theme"), [(1280, "light"), (390, "dark")])
def test_pages_publiques(live_server: LiveServer, page: Page, plaintes: list[str], largeur: int, theme: Any) -> None:
    page.set_viewport_size({"width": largeur, "height": 900})
    page.emulate_media(color_scheme=theme)
    titres = set()
    for chemin in PUBLIQUES:
        page.goto(live_server.url + chemin)
        expect(page.locator("html")).to_have_attribute("data-fr-theme", theme)
        expect(page.locator("h1")).to_have_count(1)
        titres.add(page.title())
        assert Axe().run(page).response["violations"] == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), chemin
    assert len(titres) == len(PUBLIQUES)
    assert [p for p in plaintes if "404 (Not Found)" not in p] == []
    assert len(plaintes) == 1  # the page that does not exist


@pytest.mark.django_db(transaction=True)
def test_les_erreurs_prennent_le_focus(live_server: LiveServer, page: Page, plaintes: list[str]) -> None:
    page.goto(f"{live_server.url}/inscription/expert/")
    page.get_by_role("button", name="Créer votre espace").click()
    expect(page.locator("[data-focus]")).to_be_focused()
    expect(page).to_have_title(re.compile("^Erreur"))
    for lien in page.locator("[data-focus] a").all():
        expect(page.locator(str(lien.get_attribute("href")))).to_have_count(1)
    assert Axe().run(page).response["violations"] == []
    assert plaintes == []


@pytest.mark.django_db(transaction=True)
def test_la_fin_de_session_est_annoncee_et_repoussee(
    live_server: LiveServer, page: Page, connecte: Espace, plaintes: list[str]
) -> None:
    page.clock.install()
    page.goto(f"{live_server.url}/espace/")
    dialogue = page.get_by_role("alertdialog")
    page.clock.run_for(23 * MINUTE)
    expect(dialogue).to_be_hidden()
    page.clock.run_for(2 * MINUTE)
    expect(dialogue).to_be_visible()
    expect(dialogue).to_contain_text("minutes")
    assert Axe().run(page).response["violations"] == []
    with page.expect_response("**/session/prolonger/") as reponse:
        page.get_by_role("button", name="Continuer votre session").click()
    assert reponse.value.status == 204
    expect(dialogue).to_be_hidden()
    page.reload()
    expect(page).to_have_url(f"{live_server.url}/espace/")  # still signed in
    page.clock.run_for(31 * MINUTE)
    expect(dialogue).to_contain_text("la session est fermée")
    expect(page.get_by_role("link", name="Se reconnecter")).to_be_focused()
    assert plaintes == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.browser_context_args(java_script_enabled=False, viewport={"width": 390, "height": 900})
def test_sans_javascript_le_menu_s_ouvre_au_telephone(live_server: LiveServer, page: Page, connecte: Espace) -> None:
    """One « Menu » holds both levels: the main menu, and what is under the person's name."""
    page.goto(f"{live_server.url}/espace/")
    menu = page.get_by_role("navigation", name="Menu principal")
    expect(menu).to_be_hidden()
    page.locator("summary", has_text="Menu").click()
    expect(menu.get_by_role("link", name="Vos demandes")).to_be_visible()
    expect(page.get_by_role("link", name="Sécurité", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Se déconnecter")).to_be_visible()
    expect(page.get_by_role("alertdialog")).to_be_hidden()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("largeur", [1280, 390])
def test_le_menu_de_la_personne(
    live_server: LiveServer, page: Page, connecte: Espace, plaintes: list[str], largeur: int
) -> None:
    """Under one's own name what is not about services; Escape and a press elsewhere close it; axe finds nothing."""
    page.set_viewport_size({"width": largeur, "height": 900})
    page.goto(f"{live_server.url}/espace/gerer-les-services/")
    resume = page.locator(".ep-menu > summary")
    expect(resume).to_have_text("Menu" if largeur == 390 else connecte.nom_complet, use_inner_text=True)
    resume.click()
    for nom in ("Coordonnées", "Vos données", "Journal de votre espace", "Supprimer votre espace professionnel"):
        expect(page.locator(".ep-menu").get_by_role("link", name=nom, exact=True)).to_be_visible()
    assert Axe().run(page).response["violations"] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    voir(page, "menu", largeur)
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Se déconnecter")).to_be_hidden()
    expect(resume).to_be_focused()
    if largeur == 1280:  # on a telephone it covers the page
        resume.click()
        page.locator("h1").click()
        expect(page.get_by_role("button", name="Se déconnecter")).to_be_hidden()
    assert plaintes == []
