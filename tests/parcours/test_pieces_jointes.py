"""A file joined to a message, scanned, and read by a colleague: on a desktop with scripts, on a telephone without (issue 15.8)."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import transaction
from playwright.sync_api import Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from accounts.models import Espace
from habilitations.models import Role
from services.messagerie.pieces.analyse import analyser_pieces
from services.models import Echange, PieceJointe
from tests.factories import EspaceFactory, PersonneFactory, accorder, habiliter
from tests.services.messagerie.pieces.clamd import faux_clamd
from tests.services.messagerie.pieces.scenes import EICAR, FICHIERS, PDF, SENTINELLE
from tests.services.messagerie.scenes import messagerie

from .scenes import AVEC_ET_SANS, voir

pytestmark = pytest.mark.django_db(transaction=True)


def remplir(page: Page) -> None:
    page.get_by_label("Objet").fill("Bilan 2026")
    page.get_by_role("textbox", name="Message").fill("Bonjour,\n\nVoici le bilan.")


def joindre(page: Page, largeur: int, *fichiers: Path, dit: str) -> None:
    """Join these files; without script they have a page of their own, from which one comes back."""
    if largeur != 1280:
        page.get_by_role("button", name="Joindre des fichiers", exact=True).click()
    page.get_by_label("Joindre des fichiers").set_input_files(fichiers)
    page.get_by_role("button", name="Joindre les fichiers choisis").press("Enter")
    expect(page.get_by_text(dit)).to_be_visible()
    if largeur != 1280:
        voir(page, "pieces-a-part", largeur)
        page.get_by_role("link", name="Revenir au message").click()


def refuser_ce_qui_est_trop_lourd(page: Page, largeur: int, *lourds: Path) -> None:
    """13 MB, more than one sending takes: the script says it before anything leaves; without it, no text is sent with files."""
    champ = page.get_by_label("Joindre des fichiers")
    if largeur != 1280:
        page.get_by_role("button", name="Joindre des fichiers", exact=True).click()
        champ.set_input_files(lourds)
        page.get_by_role("button", name="Joindre les fichiers choisis").press("Enter")
        expect(page.get_by_text("Rien n’a été enregistré")).to_be_visible()
        page.go_back()
        page.get_by_role("link", name="Revenir au message").click()
        expect(page.get_by_role("textbox", name="Message")).to_have_value("Bonjour,\n\nVoici le bilan.")
        return
    champ.set_input_files(lourds)
    trop = page.get_by_text("dépassent ensemble 12")
    expect(trop).to_be_visible()
    page.get_by_role("button", name="Joindre les fichiers choisis").press("Enter")
    expect(champ).to_be_focused()
    expect(page.get_by_role("textbox", name="Message")).to_have_value("Bonjour,\n\nVoici le bilan.")
    champ.set_input_files([])
    expect(trop).to_be_hidden()


@pytest.mark.parametrize("largeur", AVEC_ET_SANS)
def test_joindre_controler_et_telecharger_a_deux(
    live_server: LiveServer,
    page: Page,
    connecte: Espace,
    connecter: Callable[[Espace], None],
    regarder: Callable[[], None],
    plaintes: list[str],
    largeur: int,
    settings: Settings,
    tmp_path: Path,
) -> None:
    with transaction.atomic():
        personne = PersonneFactory(denomination="ATELIER ROUSSEL")
        racine = habiliter(connecte, personne=personne, service=messagerie())
        autre = EspaceFactory(prenom="Inès", nom="Colin")
        accorder(racine, autre, Role.SUPPLEANT)
    (tmp_path / "Bilan 2026.pdf").write_bytes(PDF)
    (tmp_path / "page.pdf").write_bytes(b"<html><script>alert(1)</script>")
    for nom in ("un.csv", "deux.csv"):
        (tmp_path / nom).write_bytes(b"a;b\r\n" * 1_300_000)
    (tmp_path / "virus.txt").write_bytes(EICAR)

    def montrer(nom: str) -> None:
        if largeur == 1280:
            regarder()
        voir(page, nom, largeur)

    with faux_clamd(tmp_path / "clamd") as faux:
        settings.ANTIVIRUS, settings.CLAMD_ADRESSE = "clamd", faux.adresse
        page.goto(f"{live_server.url}/espace/messages/ecrire/{personne.siren}/?theme=TVA")
        remplir(page)
        refuser_ce_qui_est_trop_lourd(page, largeur, tmp_path / "un.csv", tmp_path / "deux.csv")
        page.goto(f"{live_server.url}/espace/messages/ecrire/{personne.siren}/?theme=TVA")
        remplir(page)
        choisis = (tmp_path / "Bilan 2026.pdf", FICHIERS / "photo.jpg", tmp_path / "page.pdf")
        joindre(page, largeur, *choisis, dit="« page.pdf » est une page web")
        expect(page.get_by_role("textbox", name="Message")).to_have_value("Bonjour,\n\nVoici le bilan.")
        montrer("pieces-jointes")
        page.get_by_role("button", name="Ôter photo.jpg").click()
        expect(page.get_by_role("button", name="Ôter photo.jpg")).to_have_count(0)
        joindre(page, largeur, FICHIERS / "photo.jpg", tmp_path / "virus.txt", dit="2 fichiers joints")
        page.get_by_label("Objet").press("Enter")  # the form's own button, not one that takes a file off
        expect(page.get_by_text("Un message envoyé ne se reprend pas")).to_be_visible()
        montrer("pieces-relire")
        page.get_by_role("button", name="Envoyer", exact=True).click()
        expect(page.get_by_text("personne d’autre ne voit ce message")).to_be_visible()
        montrer("pieces-en-attente")
        echange = Echange.objects.get()
        while analyser_pieces():
            pass
        connecter(autre)
        page.goto(f"{live_server.url}/espace/messages/{echange.reference}/")
        expect(page.get_by_text("virus.txt")).to_be_visible()
        expect(page.get_by_role("link", name="virus.txt")).to_have_count(0)
        montrer("pieces-lues")
        recus = {}
        for nom in ("Bilan 2026.pdf", "photo.jpg"):
            with page.expect_download() as telechargement:
                page.get_by_role("link", name=nom).click()
            recus[telechargement.value.suggested_filename] = Path(telechargement.value.path()).read_bytes()
        assert recus["Bilan 2026.pdf"] == PDF
        assert SENTINELLE not in recus["photo.jpg"]
        assert PieceJointe.objects.get(nom="virus.txt").analyse == "QUARANTAINE"
    assert [
        dite for dite in plaintes if "413" not in dite
    ] == []  # what is too heavy is refused, and the console says so
