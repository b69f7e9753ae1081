"""The main job in a real browser: inscription, link, sign-in, adhésion, letter, code, service (issue 2)."""

import os
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.envois import courriels
from activation.courriers import edition
from activation.models import Courrier
from services.models import PersonneSirenisee
from tests.factories import MOT_DE_PASSE, REPONSE
from tests.parcours.scenes import lire_code

pytestmark = pytest.mark.django_db(transaction=True)
ADRESSE = "jeanne.lhermite@cabinet-dupont.fr"


def remplir_inscription(page: Page) -> None:
    page.get_by_text("Madame", exact=True).click()
    page.get_by_label("Prénom").fill("Jeanne")
    page.get_by_label("Nom", exact=True).fill("L'Hermite")
    page.get_by_label("Téléphone").fill("01 23 45 67 89")
    page.get_by_label(re.compile("SIREN de votre organisation")).fill("552 032 534")
    page.get_by_label(re.compile("Adresse électronique")).fill(ADRESSE)
    page.locator("#id_mot_de_passe").fill(MOT_DE_PASSE)
    page.get_by_label(re.compile("Réponse à la question")).fill(REPONSE)
    page.locator("label[for=id_cgu]").click()


def dernier_lien() -> str:
    courriels.envoyer_en_attente()
    trouve = re.search(r"https?://[^\s/]+(/lien/\S+)", str(mail.outbox[-1].body))
    assert trouve, mail.outbox[-1].body
    return trouve[1]


def parcourir(page: Page, racine: str, regarder: Callable[[], None]) -> None:
    """Carry one person from the home page to a service used."""
    page.goto(racine)
    regarder()
    page.get_by_role("link", name="Créer un espace").first.click()
    regarder()
    page.get_by_role("link", name="Créer un espace expert").click()
    regarder()
    page.get_by_role("button", name="Créer votre espace").click()
    expect(page.get_by_role("heading", name="Certaines informations sont à corriger")).to_be_visible()
    remplir_inscription(page)
    page.get_by_role("button", name="Créer votre espace").click()
    expect(page.get_by_role("heading", name="Consultez votre messagerie")).to_be_visible()
    regarder()

    page.goto(racine + dernier_lien())
    regarder()
    page.get_by_role("button", name="Confirmer et ouvrir votre espace").click()
    expect(page.get_by_role("heading", name="Votre espace est ouvert")).to_be_visible()
    regarder()
    with page.expect_download() as telechargement:
        page.get_by_role("button", name=re.compile("Télécharger le récapitulatif")).click()
    assert re.fullmatch(r"recapitulatif-\d{14}\.pdf", telechargement.value.suggested_filename)

    expect(page.get_by_role("link", name="Adhérer à des services")).to_be_visible()  # the password is not asked again
    page.context.clear_cookies()
    page.goto(racine + "/connexion/")
    regarder()
    page.get_by_label(re.compile("Adresse électronique")).fill(ADRESSE.upper())
    page.locator("#id_password").fill(MOT_DE_PASSE)
    page.get_by_role("button", name="Se connecter").click()
    expect(page.get_by_role("heading", name="Vous n’avez pas encore de service")).to_be_visible()
    regarder()

    page.get_by_role("link", name="Adhérer à des services").click()
    regarder()
    page.get_by_label("Numéro SIREN").fill("552 032 535")
    page.get_by_role("button", name="Continuer").click()
    expect(page.get_by_label("Numéro SIREN")).to_have_value("552 032 535")
    page.get_by_label("Numéro SIREN").fill("552 032 534")
    page.get_by_role("button", name="Continuer").click()
    expect(page.get_by_text("DANONE").first).to_be_visible()
    regarder()
    page.get_by_text("représentant légal", exact=True).click()
    page.locator("label[for=service-DECL_TVA]").click(position={"x": 5, "y": 10})
    page.locator("label[for=service-PAY_TVA]").click(position={"x": 5, "y": 10})
    if page.locator("html.js").count():  # without scripts the next page tells what is chosen
        expect(page.locator("[data-compte]")).to_have_text("2 services choisis.")
        expect(page.locator("[data-compte]")).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollHeight") < 2500, "4,800 px once"
    if capture := os.environ.get("CAPTURES"):
        for largeur in (390, 1280):
            page.set_viewport_size({"width": largeur, "height": 900})
            page.screenshot(path=f"{capture}/adherer-{largeur}.png", full_page=True)
    page.get_by_role("button", name="Continuer").click()
    page.get_by_role("button", name="Envoyer la demande").click()
    expect(page.get_by_text("Le courrier est en préparation")).to_be_visible()
    regarder()

    assert edition.editer_en_attente() == 1
    code = lire_code(Courrier.objects.get())
    page.reload()
    champ = page.locator("#id_code")
    champ.fill(code[:-1] + ("2" if code[-1] != "2" else "3"))
    page.get_by_role("button", name="Activer").click()
    expect(page.get_by_text(re.compile("erreur de saisie")).first).to_be_visible()
    regarder()
    page.locator("#id_code").fill(code.lower().replace("-", " "))
    page.get_by_role("button", name="Activer").click()
    expect(page.get_by_text("Code accepté")).to_be_visible()

    page.get_by_role("link", name="Déclarer la TVA").click()
    expect(page.get_by_text("administrateur titulaire")).to_be_visible()
    regarder()
    for entree in ("Gérer les services", "Vos demandes"):
        page.get_by_role("navigation", name="Menu principal").get_by_role("link", name=entree).click()
        regarder()
    page.goto(racine + "/espace/journal/")
    regarder()
    page.locator(".ep-menu > summary").click()
    page.get_by_role("button", name="Se déconnecter").first.click()
    expect(page.get_by_role("link", name="Se connecter").first).to_be_visible()


def test_de_rien_au_service(
    live_server: LiveServer,
    page: Page,
    catalogue: None,
    danone: PersonneSirenisee,
    regarder: Callable[[], None],
    plaintes: list[str],
) -> None:
    parcourir(page, live_server.url, regarder)
    assert plaintes == []


def test_le_meme_chemin_sans_javascript(
    live_server: LiveServer,
    browser: Browser,
    browser_context_args: dict[str, Any],
    catalogue: None,
    danone: PersonneSirenisee,
) -> None:
    contexte = browser.new_context(**{**browser_context_args, "java_script_enabled": False})
    parcourir(contexte.new_page(), live_server.url, lambda: None)
    contexte.close()


def test_lien_ouvert_dans_un_autre_navigateur_demande_le_mot_de_passe(
    live_server: LiveServer, page: Page, browser: Browser, browser_context_args: dict[str, Any]
) -> None:
    page.goto(live_server.url + "/inscription/expert/")
    remplir_inscription(page)
    page.get_by_role("button", name="Créer votre espace").click()
    lien = dernier_lien()
    autre = browser.new_context(**browser_context_args).new_page()
    autre.goto(live_server.url + lien)
    autre.locator("#id_mot_de_passe").fill("ce n’est pas le bon mot de passe")
    autre.get_by_role("button", name="Confirmer et ouvrir votre espace").click()
    expect(autre.get_by_text("Ce n’est pas le mot de passe choisi").first).to_be_visible()
    autre.locator("#id_mot_de_passe").fill(MOT_DE_PASSE)
    autre.get_by_role("button", name="Confirmer et ouvrir votre espace").click()
    expect(autre.get_by_role("heading", name="Choisir une nouvelle réponse de confiance")).to_be_visible()
    page.goto(live_server.url + lien)
    expect(page.get_by_text("Ce lien a déjà servi")).to_be_visible()
    autre.context.close()
