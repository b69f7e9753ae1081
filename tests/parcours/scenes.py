"""What several journeys do."""

import io
import os
import re
import subprocess
from pathlib import Path

import pytest
from django.core import mail
from playwright.sync_api import Page, expect
from pypdf import PdfReader

from accounts.envois import courriels
from activation.courriers import edition
from activation.courriers.codes import deriver_code, presenter
from activation.models import Courrier, Demande

CAPTURES = os.environ.get("CAPTURES", "")
# The same journey on a desktop with scripts, on a telephone without.
AVEC_ET_SANS = [
    pytest.param(1280, marks=pytest.mark.browser_context_args(viewport={"width": 1280, "height": 900}), id="avec"),
    pytest.param(
        390,
        marks=pytest.mark.browser_context_args(java_script_enabled=False, viewport={"width": 390, "height": 900}),
        id="sans",
    ),
]


def lire_code(courrier: Courrier) -> str:
    """Read the code off the printed letter, as the représentant légal does."""
    texte = "\n".join(p.extract_text() for p in PdfReader(io.BytesIO(edition.produire_pdf(courrier))).pages)
    trouve = re.search(r"\b[2-9A-Z]{4}-[2-9A-Z]{4}-[2-9A-Z]{4}\b", texte)
    assert trouve, texte
    return trouve[0]


def code_attendu(demande: Demande) -> str:
    """Make the letter of this demande and return its code as it is printed."""
    courrier = demande.courriers.get(remplace_le=None)
    assert edition.editer(str(courrier.pk))
    return presenter(deriver_code(demande=demande.pk, numero=courrier.numero))


def lien_recu(adresse: str, sous: str = "/lien/") -> str:
    """Deliver what waits; return the path of the link that this address was last mailed."""
    courriels.envoyer_en_attente()
    corps = "\n".join(str(recu.body) for recu in mail.outbox if adresse in recu.to)
    trouves: list[str] = re.findall(rf"https?://[^\s/]+({sous}\S+)", corps)
    assert trouves, corps
    return trouves[-1]


def voir(page: Page, nom: str, largeur: int) -> None:
    """Check a page, and keep a picture of it where CAPTURES names a folder."""
    expect(page.locator("h1")).to_have_count(1)
    if CAPTURES:
        page.screenshot(path=str(Path(CAPTURES) / f"{nom}-{largeur}.png"), full_page=True)


def agent_du_navigateur(chromium: str) -> str:
    """Return what this Chromium calls itself on a desk, without « Headless »."""
    dite = subprocess.run([chromium, "--version"], capture_output=True, text=True, check=True).stdout
    version = re.search(r"(\d+)\.", dite)
    assert version is not None, dite
    return f"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{version[1]}.0.0.0 Safari/537.36"
