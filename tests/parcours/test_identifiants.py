"""The keys of an espace in a real browser, with and without JavaScript: forgotten, changed, renewed."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.core import mail
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.envois import courriels
from accounts.envois.liens import creer_lien, jeton
from accounts.espace import oubli
from accounts.models import Compte, Espace, Lien
from accounts.mots_de_passe.confiance import MOTS_PROPOSES
from accounts.mots_de_passe.hachage import hacher_reponse
from accounts.saisies.reponses import normaliser_reponse
from tests.factories import MOT_DE_PASSE, REPONSE, EspaceFactory

NOUVEAU = "brouillard kayak 81 moutarde violon"
CAPTURES = os.environ.get("CAPTURES", "")
AVEC_ET_SANS = [
    pytest.param(True, marks=pytest.mark.browser_context_args(viewport={"width": 1280, "height": 900}), id="avec"),
    pytest.param(
        False,
        marks=pytest.mark.browser_context_args(java_script_enabled=False, viewport={"width": 390, "height": 900}),
        id="sans",
    ),
]


@pytest.fixture
def javascript() -> bool:
    return True


@pytest.fixture
def controler(page: Page, javascript: bool) -> Callable[[str], None]:
    """Return a function that looks at the page: one h1, nothing for axe to say (it needs scripts), no sideways scroll."""
    titres: dict[str, str] = {}

    def regarder(nom: str) -> None:
        page.wait_for_load_state()
        expect(page.locator("h1")).to_have_count(1)
        if CAPTURES:
            largeur = (page.viewport_size or {"width": 0})["width"]
            page.screenshot(path=str(Path(CAPTURES) / f"{nom}-{largeur}.png"), full_page=True)
        if javascript:
            for largeur in (390, 1280):
                page.set_viewport_size({"width": largeur, "height": 900})
                assert Axe().run(page).response["violations"] == [], nom
                assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (nom, largeur)
        titre = page.title()
        assert titres.setdefault(titre, nom) == nom, titre

    return regarder


def mot_de_passe(page: Page, champ: str, valeur: str) -> None:
    page.get_by_label(champ, exact=True).fill(valeur)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("javascript", AVEC_ET_SANS)
def test_mot_de_passe_oublie(
    live_server: LiveServer, page: Page, plaintes: list[str], controler: Callable[[str], None]
) -> None:
    espace = EspaceFactory(reponse_confiance=hacher_reponse(normaliser_reponse(REPONSE)))
    page.goto(f"{live_server.url}/connexion/")
    page.get_by_role("link", name="Mot de passe oublié ?").click()
    controler("oubli")
    page.get_by_label("Adresse électronique de connexion").fill(espace.compte.email)
    page.get_by_role("button", name="Recevoir le lien").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Consultez votre messagerie")
    controler("oubli_envoye")
    page.goto(f"{live_server.url}/mot-de-passe-oublie/sans-reponse/")
    controler("oubli_sans_reponse")

    assert oubli.traiter_en_attente() == 1
    assert courriels.envoyer_en_attente() == 1
    brut = jeton(Lien.objects.get())
    assert brut in mail.outbox[0].body
    page.goto(f"{live_server.url}/lien/mot-de-passe/{brut}/")
    controler("oubli_question")
    page.get_by_label("Votre réponse").fill("girafe volcan")
    page.get_by_role("button", name="Continuer").click()
    expect(page.get_by_text("Essais restants avec ce lien : 2").first).to_be_visible()
    controler("oubli_question_refus")
    page.get_by_label("Votre réponse").fill("Girafe-Volcan-Piano-Tablier")
    page.get_by_role("button", name="Continuer").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Choisir un nouveau mot de passe")
    controler("oubli_nouveau")
    mot_de_passe(page, "Nouveau mot de passe", NOUVEAU)
    page.get_by_role("button", name="Enregistrer le mot de passe").click()
    expect(page.get_by_text("Votre mot de passe est changé")).to_be_visible()
    page.get_by_label("Adresse électronique de connexion").fill(espace.compte.email)
    mot_de_passe(page, "Mot de passe", NOUVEAU)
    page.get_by_role("button", name="Se connecter").click()
    expect(page).to_have_url(f"{live_server.url}/espace/")
    page.goto(f"{live_server.url}/lien/mot-de-passe/{brut}/")
    controler("oubli_refus")
    assert [p for p in plaintes if "410" not in p] == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("javascript", AVEC_ET_SANS)
def test_gerer_ses_identifiants(
    live_server: LiveServer, page: Page, connecte: Espace, plaintes: list[str], controler: Callable[[str], None]
) -> None:
    page.goto(f"{live_server.url}/espace/gerer-les-services/")
    Compte.objects.filter(espace=connecte).update(adresse_rejetee_le=timezone.now())
    page.get_by_role("link", name="Gérer votre adresse électronique de connexion / votre mot de passe").click()
    controler("identifiants_rejet")
    page.get_by_role("link", name="Changer d’adresse").click()
    controler("changer_adresse")
    page.get_by_label("Nouvelle adresse électronique de connexion").fill("jeanne@nouveau-cabinet.fr")
    mot_de_passe(page, "Mot de passe actuel", MOT_DE_PASSE)
    page.get_by_role("button", name="Envoyer le lien").click()
    expect(page.get_by_text("Changement en attente")).to_be_visible()
    controler("identifiants_rejet")
    for objet, nom in ((Lien.Objet.ANNULATION_ADRESSE, "annuler"), (Lien.Objet.CHANGEMENT_ADRESSE, "confirmer")):
        brut = jeton(Lien.objects.get(objet=objet))
        page.goto(f"{live_server.url}/lien/adresse/{brut}/{'annuler/' if nom == 'annuler' else ''}")
        controler(f"adresse_{nom}")
    page.get_by_role("button", name="Confirmer cette adresse").click()
    expect(page.get_by_text("Votre identifiant : jeanne@nouveau-cabinet.fr")).to_be_visible()

    page.get_by_role("link", name="Changer de mot de passe").click()
    controler("changer_mot_de_passe")
    mot_de_passe(page, "Mot de passe actuel", MOT_DE_PASSE)
    mot_de_passe(page, "Nouveau mot de passe", NOUVEAU)
    page.get_by_role("button", name="Enregistrer le mot de passe").click()
    expect(page.get_by_text("Vos autres sessions sont fermées")).to_be_visible()

    page.get_by_role("link", name="Changer de question ou de réponse").click()
    controler("changer_question")
    proposee = page.get_by_label("Réponse à la question de confiance").input_value()
    assert len(proposee.split()) == MOTS_PROPOSES
    mot_de_passe(page, "Mot de passe actuel", NOUVEAU)
    page.get_by_role("button", name="Enregistrer la réponse").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Votre question de confiance est changée")
    controler("question_changee")
    with page.expect_download() as telechargement:
        page.get_by_role("button", name="Télécharger le récapitulatif (PDF)").click()
    assert telechargement.value.suggested_filename.endswith(".pdf")

    page.goto(f"{live_server.url}/espace/coordonnees/")
    controler("coordonnees")
    page.get_by_label("Téléphone").fill("appelez")
    page.get_by_role("button", name="Enregistrer").click()
    controler("coordonnees_erreur")
    page.get_by_label("Téléphone").fill("01 98 76 54 32")
    page.get_by_role("button", name="Enregistrer").click()
    expect(page.get_by_text("Vos coordonnées sont à jour")).to_be_visible()
    page.goto(f"{live_server.url}/espace/confirmer-identite/?suite=/espace/coordonnees/")
    controler("confirmer_identite")
    mot_de_passe(page, "Mot de passe", NOUVEAU)
    page.get_by_role("button", name="Continuer", exact=True).click()
    expect(page).to_have_url(f"{live_server.url}/espace/coordonnees/")
    assert plaintes == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("javascript", AVEC_ET_SANS)
def test_renouvellement(
    live_server: LiveServer, page: Page, connecte: Espace, plaintes: list[str], controler: Callable[[str], None]
) -> None:
    Compte.objects.filter(espace=connecte).update(renouvellement_exige=True)
    page.goto(f"{live_server.url}/espace/journal/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Renouveler votre mot de passe")
    controler("renouvellement")
    mot_de_passe(page, "Mot de passe actuel", MOT_DE_PASSE)
    mot_de_passe(page, "Nouveau mot de passe", NOUVEAU)
    page.get_by_role("button", name="Renouveler le mot de passe").click()
    expect(page).to_have_url(f"{live_server.url}/espace/")
    assert plaintes == []


@pytest.mark.django_db(transaction=True)
def test_lien_d_un_autre_age(live_server: LiveServer, page: Page, controler: Callable[[str], None]) -> None:
    espace = EspaceFactory(reponse_essais=10)
    lien = creer_lien(espace=espace, objet=Lien.Objet.MOT_DE_PASSE_OUBLIE, adresse=espace.compte.email)
    page.goto(f"{live_server.url}/lien/mot-de-passe/{jeton(lien)}/")
    controler("oubli_bloque")
    page.get_by_role("link", name="Que faire maintenant ?").click()
    expect(page.get_by_role("link", name="Créer un espace expert")).to_be_visible()
