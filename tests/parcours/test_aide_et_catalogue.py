"""A visitor looks for a service, reads its page, then the help; a holder sees the dates of his services."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page
from pytest_django.live_server_helper import LiveServer

from services.catalogue.chargement import charger_catalogue


@pytest.mark.django_db(transaction=True)
def test_du_catalogue_a_l_aide(
    live_server: LiveServer, page: Page, regarder: Callable[[], None], plaintes: list[str]
) -> None:
    charger_catalogue()
    page.goto(f"{live_server.url}/")
    page.get_by_role("link", name="Tous les services en ligne").click()
    regarder()
    page.get_by_label("Chercher un service").fill("declarer tva")
    page.get_by_role("button", name="Chercher").click()
    page.get_by_role("link", name="Déclarer la TVA").click()
    regarder()
    page.get_by_role("link", name="Payer la TVA").click()
    page.get_by_role("heading", name="Payer la TVA").wait_for()
    assert plaintes == []
