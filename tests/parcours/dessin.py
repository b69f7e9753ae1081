"""Draws the pictures of the fiches (`python -m tests.captures`); its name keeps it out of the ordinary run of the tests."""

import base64
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings
from playwright.sync_api import BrowserContext, Page
from pytest_django.live_server_helper import LiveServer

from accounts.models import Espace
from espacepro.aide.captures import DESSINS, RELEVE

from .scenes_captures import SCENES

OCTETS, ECHELLE = 40_000, 1.25
# Where the picture ends, and the words of what names things on it: headings, labels, buttons, columns.
MESURE = """(debut, hauteur) => {
  const main = document.querySelector("main").getBoundingClientRect();
  const haut = Math.ceil(debut.getBoundingClientRect().top + scrollY), bas = Math.min(main.bottom + scrollY + 8, haut + hauteur);
  const vus = [...document.querySelectorAll("main :is(h1, h2, h3, legend, label, button, th[scope=col], dt, a.fr-btn)")].filter((e) => {
    const r = e.getBoundingClientRect();
    return r.width > 1 && r.height > 1 && r.top + scrollY >= haut && r.bottom + scrollY <= bas;
  });
  const mots = vus.map((e) => e.innerText.replace(/\\s+/g, " ").trim()).filter((mot) => mot);
  return { haut, hauteur: Math.round(bas - haut), mots: [...new Set(mots)] };
}"""


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("slug", DESSINS)
def test_dessiner(
    slug: str,
    live_server: LiveServer,
    page: Page,
    context: BrowserContext,
    connecter: Callable[[Espace], None],
    plaintes: list[str],
) -> None:
    vue = SCENES[slug]()
    if vue.espace is not None:
        connecter(vue.espace)
    page.set_viewport_size({"width": vue.largeur, "height": 2400})  # what sticks to the bottom is below
    page.goto(live_server.url + vue.adresse)
    page.evaluate("document.fonts.ready.then(() => true)")
    mesure = page.locator(vue.depuis).evaluate(MESURE, vue.hauteur)
    cadre = {"x": 0, "y": mesure["haut"], "width": vue.largeur, "height": mesure["hauteur"], "scale": ECHELLE}
    session = context.new_cdp_session(page)
    image = b""
    for qualite in (70, 55, 40):  # Playwright's own screenshots know no WebP
        prise = session.send(
            "Page.captureScreenshot",
            {"format": "webp", "quality": qualite, "clip": cadre, "captureBeyondViewport": True},
        )
        image = base64.b64decode(prise["data"])
        if len(image) <= OCTETS:
            break
    assert len(image) <= OCTETS, f"{len(image)} bytes"
    assert plaintes == []
    chemin = Path(settings.RACINE) / "static" / "img" / "aide" / f"{slug}.webp"
    chemin.parent.mkdir(exist_ok=True)
    chemin.write_bytes(image)
    releve = json.loads(RELEVE.read_text(encoding="utf-8"))
    releve[slug] = {"largeur": vue.largeur, "hauteur": mesure["hauteur"], "libelles": mesure["mots"]}
    rangees = {nom: releve[nom] for nom in DESSINS if nom in releve}
    RELEVE.write_text(json.dumps(rangees, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
