"""The espace simplifié in a real browser: from the choice of a mode to the bouquet, then to the espace expert."""

import os
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.envois.liens import jeton
from accounts.models import Compte, Espace, Lien
from activation.demandes.retours import constater_retour
from activation.models import Demande
from habilitations.models import Habilitation
from services.models import PersonneSirenisee, Service
from tests.activation import scenes
from tests.factories import MOT_DE_PASSE, AgentFactory, EspaceFactory, ServiceFactory, accorder, habiliter, siren

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def vue(page: Page, regarder: Callable[[], None]) -> Callable[[str], None]:
    """Return a check of the page reached, that also keeps a picture of it where CAPTURES names a folder."""

    def verifier(nom: str) -> None:
        regarder()
        if dossier := os.environ.get("CAPTURES"):
            for largeur in (390, 1280):
                page.set_viewport_size({"width": largeur, "height": 900})
                page.screenshot(path=str(Path(dossier) / f"{nom}-{largeur}.png"), full_page=True)

    return verifier


def remplir(page: Page) -> None:
    page.get_by_label("Adresse électronique de l’entreprise").fill(scenes.ENTREPRISE)
    page.get_by_text("représentant légal", exact=True).click()
    page.get_by_text("Madame", exact=True).click()
    page.get_by_label("Prénom").fill("Jeanne")
    page.get_by_label("Nom", exact=True).fill("Martin")
    page.get_by_label("Téléphone").fill("01 23 45 67 89")
    page.get_by_label("Adresse électronique de connexion").fill(scenes.LOGIN)
    page.get_by_label("Mot de passe", exact=True).fill(MOT_DE_PASSE)
    page.get_by_label("Question de confiance", exact=True).select_option("PHRASE")
    page.locator("label[for=id_cgu]").click()


def lien(page: Page, site: str, objet: str, nom: str) -> None:
    page.goto(site + reverse(nom, args=[jeton(Lien.objects.get(objet=objet, revoque_le=None))]))


def test_de_l_inscription_a_l_espace_expert(
    live_server: LiveServer,
    page: Page,
    plaintes: list[str],
    vue: Callable[[str], None],
    danone: PersonneSirenisee,
    catalogue: None,
) -> None:
    parcourir(live_server.url, page, vue)
    assert plaintes == []


@pytest.mark.browser_context_args(java_script_enabled=False)
def test_sans_javascript(live_server: LiveServer, page: Page, danone: PersonneSirenisee, catalogue: None) -> None:
    parcourir(live_server.url, page, lambda _: None)


def parcourir(site: str, page: Page, vue: Callable[[str], None]) -> None:
    page.goto(site + reverse("inscription"))
    vue("choix")
    page.get_by_role("link", name="Créer un espace simplifié").click()
    vue("siren")
    page.get_by_label("Numéro SIREN").fill("552 032 534")
    page.get_by_role("button", name="Continuer").click()
    expect(page.get_by_text("DANONE").first).to_be_visible()
    page.get_by_role("button", name="Créer votre espace").click()
    expect(page.get_by_role("alert").first).to_be_visible()
    vue("formulaire-erreurs")
    remplir(page)
    page.get_by_role("button", name="Créer votre espace").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Consultez votre messagerie")
    vue("envoyee")
    lien(page, site, Lien.Objet.CONFIRMATION_CONNEXION, "confirmer_connexion")
    page.get_by_role("button", name="Confirmer cette adresse").click()
    expect(page.get_by_text("Il reste une adresse")).to_be_visible()
    lien(page, site, Lien.Objet.CONFIRMATION_ENTREPRISE, "confirmer_entreprise")
    vue("confirmer-entreprise")
    page.get_by_role("button", name="Confirmer cette adresse").click()
    vue("confirmee")
    with page.expect_download() as telechargement:
        page.get_by_role("button", name="Télécharger le récapitulatif").click()
    assert telechargement.value.suggested_filename.endswith(".pdf")
    page.get_by_role("link", name="Suivre le courrier").click()
    expect(page).to_have_url(site + reverse("activer_espace"))
    demande = Demande.objects.get()
    scenes.editer(demande)
    page.reload()
    vue("attente")
    page.goto(site + reverse("activer_espace_annuler"))
    vue("renoncer")
    page.get_by_role("link", name="Garder ma demande").click()
    page.get_by_role("textbox", name="Code reçu").fill(scenes.code(demande).lower())
    page.get_by_role("button", name="Activer").click()
    expect(page.get_by_text("Code accepté")).to_be_visible()
    expect(page.get_by_role("button", name="Télécharger le récapitulatif")).to_be_visible()
    vue("recapitulatif-offert")
    page.get_by_role("link", name="Continuer").click()
    expect(page).to_have_url(site + reverse("espace"))
    page.goto(site + reverse("gerer_services"))
    page.get_by_role("link", name="Passer en espace expert").click()
    vue("passer-expert")
    page.get_by_role("button", name="Passer en espace expert").click()
    expect(page.get_by_text("est maintenant un espace expert")).to_be_visible()
    assert Espace.objects.get().mode == Espace.Mode.EXPERT


def test_refusee_avec_la_sortie(
    live_server: LiveServer, page: Page, vue: Callable[[str], None], danone: PersonneSirenisee
) -> None:
    with transaction.atomic():
        habiliter(EspaceFactory(), personne=danone)
    page.goto(f"{live_server.url}{reverse('inscription_simplifiee')}?siren=552032534")
    page.get_by_role("button", name="Continuer").click()
    vue("refusee")
    page.get_by_role("alert").get_by_role("link", name="Créer un espace expert").click()
    expect(page).to_have_url(live_server.url + reverse("inscription_expert"))


def test_adresse_de_l_entreprise(
    live_server: LiveServer, page: Page, connecte: Espace, vue: Callable[[str], None], danone: PersonneSirenisee
) -> None:
    messagerie = ServiceFactory(code="MSG", famille=Service.Famille.MESSAGERIE)
    with transaction.atomic():
        habiliter(connecte, personne=danone, service=messagerie)
    page.goto(live_server.url + reverse("courriel_entreprise"))
    vue("courriel-liste")
    page.get_by_role("link", name=re.compile("Changer")).click()
    if page.get_by_label("Mot de passe", exact=True).count():
        page.get_by_label("Mot de passe", exact=True).fill(MOT_DE_PASSE)
        page.get_by_role("button", name=re.compile("Confirmer|Continuer")).click()
    vue("courriel-changer")
    page.get_by_label("Nouvelle adresse électronique").fill(scenes.ENTREPRISE)
    page.get_by_text("personne mandatée", exact=True).click()
    page.get_by_role("button", name="Continuer").click()
    page.get_by_role("button", name="Envoyer la demande", exact=True).click()
    expect(page.get_by_text("Un lien part à")).to_be_visible()
    vue("demande-lien-attendu")
    demande = scenes.adresse_confirmee(Demande.objects.get())
    courrier = scenes.editer(demande)
    scenes.remettre(courrier, timezone.now())
    constater_retour(acteur=AgentFactory(service_gestionnaire=danone.service_gestionnaire), courrier=courrier)
    page.goto(live_server.url + reverse("demande", args=[demande.reference]))
    vue("demande-revenue")
    page.get_by_role("link", name="Demander un nouveau courrier").click()
    page.get_by_role("button", name="Demander ce nouveau courrier").click()
    scenes.editer(demande)
    page.reload()
    page.get_by_role("textbox", name="Code reçu").fill(scenes.code(demande))
    page.get_by_role("button", name="Activer").click()
    expect(page.get_by_text("est changée")).to_be_visible()
    danone.refresh_from_db()
    assert danone.courriel == scenes.ENTREPRISE


def test_code_lu_dans_la_messagerie(
    live_server: LiveServer, page: Page, connecte: Espace, vue: Callable[[str], None], danone: PersonneSirenisee
) -> None:
    Compte.objects.filter(espace=connecte).update(last_login=timezone.now())
    scenes.ouvrir_messagerie(connecte, danone)
    accorder(Habilitation.objects.get(espace=connecte), EspaceFactory(nom="Petit"), "SUPPLEANT")
    demande = scenes.adhesion(EspaceFactory(nom="Autre", siren_appartenance=siren(404)), danone)
    courrier = scenes.editer(demande)
    assert courrier.canal == "MESSAGERIE"
    scenes.remettre(courrier, timezone.now() - timedelta(days=20))  # the letter that tells the company left long ago
    page.goto(live_server.url + reverse("code_recu", args=[courrier.pk]))
    if page.get_by_label("Mot de passe", exact=True).count():
        page.get_by_label("Mot de passe", exact=True).fill(MOT_DE_PASSE)
        page.get_by_role("button", name=re.compile("Confirmer|Continuer")).click()
    vue("code-recu")
    page.get_by_role("button", name="Lire le code").click()
    expect(page.get_by_role("heading", name="Le code", exact=True)).to_be_visible()
    vue("code-lu")
