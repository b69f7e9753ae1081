"""A visitor looks for a service, reads its page, then the help; a holder sees the dates of his services."""

from collections.abc import Callable

import pytest
from django.db import transaction
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import Espace
from services.catalogue.chargement import charger_catalogue
from services.catalogue.echeances import calendriers, charger_echeances
from services.models import Service
from tests.factories import habiliter


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
    page.get_by_role("link", name="Services en ligne").first.click()
    page.get_by_role("link", name="Aide : bien choisir ses services").click()
    regarder()
    page.get_by_role("link", name="Activer vos services avec le code reçu").click()
    image = page.get_by_role("img", name="La page « Activer vos services »")
    expect(image).to_be_hidden()
    page.get_by_text("Le champ du code, en image").click()
    expect(image).to_have_js_property("naturalWidth", 900)
    regarder()
    page.get_by_role("navigation", name="Vous êtes ici").get_by_role("link", name="Aide").click()
    page.get_by_label("Chercher dans les fiches").fill("second facteur")
    page.get_by_role("button", name="Chercher").click()
    page.get_by_role("link", name="Ajouter un second facteur").click()
    regarder()
    for nom in ("Plan du site", "Mentions légales"):
        page.get_by_role("contentinfo").get_by_role("link", name=nom).click()
        regarder()
    assert plaintes == []


@pytest.mark.django_db(transaction=True)
def test_les_echeances_de_mes_services(
    live_server: LiveServer, page: Page, regarder: Callable[[], None], connecte: Espace, plaintes: list[str]
) -> None:
    charger_catalogue()
    for fichier in calendriers():
        charger_echeances(fichier=fichier)
    with transaction.atomic():
        for code in ("PAY_CFE", "DECL_TVA", "DEM_OSS", "MSG"):
            habiliter(connecte, service=Service.objects.get(code=code))
    page.goto(f"{live_server.url}/espace/")
    page.get_by_role("heading", name="Prochaines échéances").wait_for()
    page.get_by_role("link", name="Tout le calendrier").click()
    regarder()
    page.get_by_text("Le jour de la TVA est propre à chaque entreprise").wait_for()
    with page.expect_download() as telechargement:
        page.get_by_role("link", name="Télécharger (.ics)").click()
    assert telechargement.value.suggested_filename.endswith(".ics")
    page.get_by_role("link", name="vous en décidez").click()
    page.get_by_text("Une fois par semaine au plus").wait_for()
    assert plaintes == []
