"""Pages as some people set their machine: forced colours, no motion, 400 % zoom; and where the focus goes after an error (issue 13.10)."""

from collections.abc import Callable

import pytest
from django.db import transaction
from django.urls import reverse
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import Espace
from habilitations.models import Role
from tests.factories import EspaceFactory, PersonneFactory, ServiceFactory, accorder, habiliter

pytestmark = pytest.mark.django_db(transaction=True)
PUBLIQUES = ("connexion", "inscription", "inscription_expert", "catalogue", "aide", "mot_de_passe_oublie")
DE_L_ESPACE = (
    "espace",
    "votre_espace",
    "gerer_services",
    "vos_habilitations",
    "delegations",
    "coordonnees",
    "securite",
    "preferences",
    "adherer",
)
BOUGENT = """() => [...document.querySelectorAll("*")].filter((e) => {
  const style = getComputedStyle(e);
  const dure = (temps) => temps.split(",").some((t) => parseFloat(t) > 0.01);
  return dure(style.transitionDuration) || (style.animationName !== "none" && dure(style.animationDuration))
    || style.scrollBehavior === "smooth";
}).map((e) => e.outerHTML.slice(0, 90)).slice(0, 3)"""
# At 1280 × 1024 and 400 %, a page has 320 × 256: what stays in place must leave room for what is read.
COLLES = """() => [...document.querySelectorAll("body *")].filter((e) => {
  const style = getComputedStyle(e);
  const hauteur = e.getBoundingClientRect().height;
  const colle = ["sticky", "fixed"].includes(style.position) && style.visibility !== "hidden" && hauteur > innerHeight / 3;
  return colle || (e.matches(".ep-menu > summary") && hauteur > 48); // « Menu » in one line
}).map((e) => e.outerHTML.slice(0, 90))"""
# A field, a box and a button are seen whatever the colours: by their edge, or as the machine draws them; a link in a text, by a line.
EFFACES = """() => [...document.querySelectorAll(
  "main input:not([type=hidden]), main select, main textarea, main button.fr-btn"
)].filter((e) => {
  const style = getComputedStyle(e);
  const dessine = ["checkbox", "radio"].includes(e.type) && style.appearance !== "none" && style.opacity !== "0";
  const bord = (s) => ["Top", "Right", "Bottom", "Left"].some((cote) =>
    s[`border${cote}Style`] !== "none" && parseFloat(s[`border${cote}Width`]) > 0
  ) || (s.outlineStyle !== "none" && parseFloat(s.outlineWidth) > 0);
  const etiquette = e.labels?.length ? getComputedStyle(e.labels[0], "::before") : null;
  return e.checkVisibility() && !dessine && !bord(style) && !(etiquette && bord(etiquette));
}).concat([...document.querySelectorAll("main p a:not(.fr-btn), .fr-nav__link[aria-current]")].filter((e) =>
  e.checkVisibility() && getComputedStyle(e).textDecorationLine !== "underline"
)).map((e) => e.outerHTML.slice(0, 120)).slice(0, 4)"""


@pytest.fixture
def pages(
    live_server: LiveServer, connecter: Callable[[Espace], None], page: Page
) -> Callable[[str], list[tuple[str, object]]]:
    """Return a function that measures a sample of pages, those of an espace after the sign-in."""
    espace = EspaceFactory()
    with transaction.atomic():
        racine = habiliter(espace, personne=PersonneFactory(), service=ServiceFactory(code="DECL_TVA"))
        accorder(racine, EspaceFactory(), Role.ACTEUR)

    siren = PersonneFactory().siren

    def visiter(mesure: str) -> list[tuple[str, object]]:
        trouvees = []
        for noms in (PUBLIQUES, DE_L_ESPACE):
            if noms is DE_L_ESPACE:
                connecter(espace)
            for nom in noms:
                page.goto(live_server.url + reverse(nom) + (f"?siren={siren}" if nom == "adherer" else ""))
                trouvees.append((nom, page.evaluate(mesure)))
        return trouvees

    return visiter


def test_les_couleurs_forcees_laissent_les_bords(page: Page, pages: Callable[[str], list[tuple[str, object]]]) -> None:
    page.emulate_media(forced_colors="active")
    assert [faute for faute in pages(EFFACES) if faute[1]] == []


def test_rien_ne_bouge_pour_qui_ne_le_veut_pas(page: Page, pages: Callable[[str], list[tuple[str, object]]]) -> None:
    page.emulate_media(reduced_motion="reduce")
    assert [faute for faute in pages(BOUGENT) if faute[1]] == []


def test_a_400_pour_cent_rien_ne_cache_la_page(page: Page, pages: Callable[[str], list[tuple[str, object]]]) -> None:
    page.set_viewport_size({"width": 320, "height": 256})
    assert [faute for faute in pages(COLLES) if faute[1]] == []


@pytest.mark.parametrize("nom", ["connexion", "inscription_expert", "mot_de_passe_oublie"])
def test_le_focus_va_au_resume_des_erreurs(live_server: LiveServer, page: Page, nom: str) -> None:
    page.goto(live_server.url + reverse(nom))
    page.locator("main form[method=post] button[type=submit]").last.click()
    resume = page.locator(".ep-erreurs")
    expect(resume).to_be_focused()
    lien = resume.get_by_role("link").first
    if lien.count():
        lien.click()
        assert page.evaluate("document.activeElement.matches('input, select, textarea')")
