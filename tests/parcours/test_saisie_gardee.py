"""A session that ends in the middle of a form, in a real browser, with and without JavaScript (issue 10.2)."""

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import Espace, Session
from tests.factories import MOT_DE_PASSE
from tests.parcours.scenes import AVEC_ET_SANS, voir


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("largeur", AVEC_ET_SANS)
def test_la_saisie_revient_apres_la_connexion(
    live_server: LiveServer, page: Page, connecte: Espace, largeur: int
) -> None:
    page.goto(f"{live_server.url}/espace/coordonnees/")
    page.locator("[name=voie]").fill("12 rue de l'Ancienne-Comédie")
    page.locator("[name=code_postal]").fill("75012")
    page.locator("[name=commune]").fill("Paris")
    Session.objects.all().delete()
    page.locator("main form.ep-formulaire button[type=submit]").first.click()
    expect(page.get_by_text("rien n’a encore été enregistré")).to_be_visible()
    voir(page, "saisie_connexion", largeur)
    page.get_by_label("Adresse électronique de connexion").fill(connecte.compte.email if connecte.compte else "")
    page.locator("#id_password").fill(MOT_DE_PASSE)
    page.get_by_role("button", name="Se connecter").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Rien n’a encore été enregistré")
    expect(page.get_by_text("12 rue de l'Ancienne-Comédie")).to_be_visible()
    voir(page, "saisie_gardee", largeur)
    page.get_by_role("button", name="Reprendre le formulaire, rempli").click()
    expect(page.get_by_text("Ce formulaire est rempli de ce que vous aviez saisi")).to_be_visible()
    expect(page.locator("[name=voie]")).to_have_value("12 rue de l'Ancienne-Comédie")
    voir(page, "saisie_rendue", largeur)
    connecte.refresh_from_db()
    assert connecte.voie == ""
    page.locator("main form.ep-formulaire button[type=submit]").first.click()
    expect(page.get_by_text("Ce formulaire est rempli")).to_have_count(0)
    voir(page, "saisie_envoyee", largeur)
    connecte.refresh_from_db()
    assert connecte.voie == "12 rue de l'Ancienne-Comédie"
