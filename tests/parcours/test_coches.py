"""In a browser: two files asked for at once, and ticks that survive the turning of the page, with and without JavaScript (issue 10.3)."""

import pytest
from django.db import transaction
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import Espace
from habilitations.models import Role
from tests.factories import EspaceFactory, PersonneFactory, ServiceFactory, accorder, habiliter
from tests.parcours.scenes import AVEC_ET_SANS, voir


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("largeur", AVEC_ET_SANS)
def test_cocher_sur_deux_pages_et_telecharger_deux_fois(
    live_server: LiveServer, page: Page, connecte: Espace, plaintes: list[str], largeur: int
) -> None:
    with transaction.atomic():
        recu, service = EspaceFactory(prenom="Anne", nom="Petit"), ServiceFactory(libelle="Déclarer la TVA")
        for rang in range(28):
            personne = PersonneFactory(denomination=f"SOCIÉTÉ {rang:02}")
            accorder(habiliter(connecte, personne=personne, service=service), recu, Role.ACTEUR)
    page.goto(f"{live_server.url}/espace/gerer-les-services/delegations/")
    phrase = page.locator("[data-cochees]")
    expect(phrase).to_have_text("Aucune habilitation cochée")
    for nom in ("SOCIÉTÉ 01", "SOCIÉTÉ 03"):
        page.locator("tr", has_text=nom).locator("label").click()
    if largeur == 1280:
        expect(phrase).to_have_text("2 habilitations cochées, dont 2 sur cette page")
    page.get_by_role("button", name="Page 2").click()
    expect(phrase).to_have_text("2 habilitations cochées, dont aucune sur cette page")
    page.locator("tr", has_text="SOCIÉTÉ 27").locator("label").click()
    voir(page, "coches", largeur)
    page.get_by_label("SIREN, entreprise ou personne").fill("SOCIÉTÉ 03")
    page.get_by_label("SIREN, entreprise ou personne").press("Enter")
    expect(phrase).to_have_text("3 habilitations cochées, dont 1 sur cette page")
    for format_ in ("CSV", "XLSX"):
        with page.expect_download() as fichier:
            page.get_by_role("button", name=f"Télécharger la liste ({format_})").click()
        assert fichier.value.suggested_filename.endswith(format_.lower())
    page.get_by_role("button", name="Retirer", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Retirer des délégations")
    for nom in ("SOCIÉTÉ 01", "SOCIÉTÉ 03", "SOCIÉTÉ 27"):
        expect(page.get_by_text(nom).first).to_be_visible()
    assert plaintes == []
