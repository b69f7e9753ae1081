"""Three codes, one field: from the public home page through the sign-in to the next code (issue 10.8)."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import Espace
from activation.demandes.adhesion import deposer_adhesion
from tests.factories import MOT_DE_PASSE, PersonneFactory, ServiceFactory
from tests.parcours.scenes import code_attendu

pytestmark = pytest.mark.django_db(transaction=True)


def test_de_l_accueil_public_au_code_suivant(
    live_server: LiveServer, page: Page, espace: Espace, regarder: Callable[[], None], plaintes: list[str]
) -> None:
    service = ServiceFactory(code="DECL_TVA", libelle="Déclarer la TVA")
    demandes = [
        deposer_adhesion(
            acteur=espace, personne=PersonneFactory(denomination=nom), services=[service], qualite="MANDATAIRE"
        )
        for nom in ("ALPES CHARPENTE", "BERTHIER ET FILS", "CAVE DES CANUTS")
    ]
    codes = [code_attendu(demande) for demande in demandes]
    page.goto(live_server.url)
    page.get_by_label("Code reçu").fill(codes[1].lower())
    regarder()
    page.get_by_role("button", name="Continuer").click()
    expect(page.get_by_text("Votre code est gardé quinze minutes")).to_be_visible()
    assert codes[1] not in page.url
    page.get_by_label(re.compile("Adresse électronique")).fill(espace.compte.email)
    page.locator("#id_password").fill(MOT_DE_PASSE)
    page.get_by_role("button", name="Se connecter").click()
    expect(page.get_by_label("Code reçu")).to_have_value(codes[1])
    regarder()
    page.get_by_role("button", name="Activer").click()
    expect(page.get_by_text("vos services sont ouverts pour BERTHIER ET FILS")).to_be_visible()
    expect(page.get_by_text("2 demandes attendent le leur")).to_be_visible()
    page.get_by_role("navigation", name="Menu principal").get_by_role("link", name="Accueil").click()
    regarder()
    page.get_by_label("Code reçu").fill(codes[0])
    page.get_by_role("button", name="Activer").click()
    expect(page.get_by_text("vos services sont ouverts pour ALPES CHARPENTE")).to_be_visible()
    page.get_by_label("Code reçu").fill(codes[2])
    page.get_by_role("button", name="Activer").click()
    expect(page.get_by_role("heading", name=re.compile(demandes[2].reference))).to_be_visible()
    page.get_by_role("navigation", name="Menu principal").get_by_role("link", name="Vos demandes").click()
    page.get_by_label("Entreprise, SIREN ou référence").fill("berthier")
    page.get_by_role("button", name="Filtrer").click()
    expect(page.get_by_text("BERTHIER ET FILS")).to_be_visible()
    expect(page.get_by_text("CAVE DES CANUTS")).to_have_count(0)
    regarder()
    assert plaintes == []
