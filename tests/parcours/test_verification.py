"""A session that must be verified, in a real browser, with and without JavaScript: asked, told why, gone on (R15)."""

import re
from collections.abc import Callable

import pytest
from django.core import mail
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.envois import courriels
from accounts.models import Espace, Session
from surveillance.verification.demandes import demander_verification
from tests.parcours.scenes import AVEC_ET_SANS, voir


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("largeur", AVEC_ET_SANS)
def test_verifiee_elle_continue(
    live_server: LiveServer,
    page: Page,
    connecte: Espace,
    plaintes: list[str],
    largeur: int,
    regarder: Callable[[], None],
) -> None:
    """A form is posted while the session is marked: nothing that was typed is lost."""
    page.goto(f"{live_server.url}/espace/coordonnees/")
    page.locator("[name=voie]").fill("12 rue de l'Ancienne-Comédie")
    demander_verification(session=Session.objects.get(), raison="Une session change de pays")
    page.locator("main form.ep-formulaire button[type=submit]").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Vérifions que c’est bien vous")
    expect(page.get_by_text("vous le retrouverez après")).to_be_visible()
    voir(page, "verifier_session", largeur)
    if largeur == 1280:
        regarder()
    page.get_by_role("button", name="Recevoir un code").click()
    expect(page.get_by_text("Un code vous est envoyé")).to_be_visible()
    courriels.envoyer_en_attente()
    lu = re.search(r"^\d{4} \d{4}$", mail.outbox[-1].body, re.MULTILINE)
    assert lu is not None
    page.get_by_label("Code à 8 chiffres").fill("12345678" if lu[0] != "1234 5678" else "87654321")
    page.get_by_role("button", name="Vérifier le code").click()
    expect(page.get_by_text("Essais restants").first).to_be_visible()
    voir(page, "verifier_session_refus", largeur)
    if largeur == 1280:
        regarder()
    page.get_by_label("Code à 8 chiffres").fill(lu[0])
    page.get_by_role("button", name="Vérifier le code").click()
    expect(page.get_by_text("12 rue de l'Ancienne-Comédie")).to_be_visible()
    page.goto(f"{live_server.url}/espace/securite/connexions/")
    expect(page.get_by_text("Une session change de pays")).to_be_visible()
    voir(page, "connexions", largeur)
    if largeur == 1280:
        regarder()
    assert plaintes == []
