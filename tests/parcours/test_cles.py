"""Somebody else holds the keys: the change of address is undone from the old one, then a new password is chosen.

The other journeys of the keys (forgotten, changed, renewed, with and without scripts) are in test_identifiants.py.
"""

import re
from collections.abc import Callable

import pytest
from django.core import mail
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.envois import courriels
from accounts.envois.liens import jeton
from accounts.espace import oubli
from accounts.models import Compte, Espace, Lien
from accounts.mots_de_passe.hachage import hacher_reponse
from accounts.saisies.reponses import normaliser_reponse
from tests.factories import MOT_DE_PASSE, REPONSE, EspaceFactory

pytestmark = pytest.mark.django_db(transaction=True)
NOUVEAU = "brouillard kayak 81 moutarde violon"


def entrer(page: Page, racine: str, adresse: str, mot_de_passe: str) -> None:
    page.goto(f"{racine}/connexion/")
    page.get_by_label("Adresse électronique de connexion").fill(adresse)
    page.locator("#id_password").fill(mot_de_passe)
    page.get_by_role("button", name="Se connecter").click()


def test_reprendre_la_main_apres_un_changement_d_adresse_non_voulu(
    live_server: LiveServer,
    page: Page,
    connecter: Callable[[Espace], None],
    regarder: Callable[[], None],
    plaintes: list[str],
) -> None:
    racine = live_server.url
    page.set_default_timeout(10_000)
    espace = EspaceFactory(reponse_confiance=hacher_reponse(normaliser_reponse(REPONSE)))
    ancienne = espace.compte.email

    # Whoever knows the password asks for another address and confirms it.
    connecter(espace)
    page.goto(f"{racine}/espace/gerer-les-services/")
    page.get_by_role("link", name="Sécurité de votre espace").click()
    regarder()
    page.goto(f"{racine}/espace/gerer-les-services/")
    page.get_by_role("link", name="Gérer votre adresse électronique de connexion").click()
    page.get_by_role("link", name="Changer d’adresse").click()
    page.get_by_label("Nouvelle adresse électronique de connexion").fill("intrus@ailleurs.fr")
    page.get_by_label("Mot de passe actuel", exact=True).fill(MOT_DE_PASSE)
    page.get_by_role("button", name="Envoyer le lien").click()
    expect(page.get_by_text("Changement en attente")).to_be_visible()
    courriels.envoyer_en_attente()
    assert {adresse for courriel in mail.outbox for adresse in courriel.to} >= {ancienne, "intrus@ailleurs.fr"}
    page.goto(f"{racine}/lien/adresse/{jeton(Lien.objects.get(objet=Lien.Objet.CHANGEMENT_ADRESSE))}/")
    page.get_by_role("button", name="Confirmer cette adresse").click()
    expect(page.get_by_text("Votre identifiant : intrus@ailleurs.fr")).to_be_visible()

    # The old address undoes it: the address is back, the sessions are closed, the password is dead.
    courriels.envoyer_en_attente()
    dernier = [str(courriel.body) for courriel in mail.outbox if courriel.to == [ancienne]][-1]
    trouve = re.search(r"/lien/adresse/\S+/annuler/", dernier)
    assert trouve, dernier
    page.goto(racine + trouve[0])
    regarder()
    page.get_by_role("button", name="Annuler le changement et bloquer le mot de passe").click()
    regarder()
    assert Compte.objects.get(pk=espace.compte.pk).email == ancienne
    page.goto(f"{racine}/espace/")
    assert "/connexion/" in page.url, "the session is closed"
    entrer(page, racine, ancienne, MOT_DE_PASSE)
    assert "/connexion/" in page.url, "the password known to somebody else opens nothing"

    # A new one, by the link and the question.
    page.goto(f"{racine}/mot-de-passe-oublie/")
    page.get_by_label("Adresse électronique de connexion").fill(ancienne)
    page.get_by_role("button", name="Recevoir le lien").click()
    regarder()
    assert oubli.traiter_en_attente() == 1
    page.goto(f"{racine}/lien/mot-de-passe/{jeton(Lien.objects.get(objet=Lien.Objet.MOT_DE_PASSE_OUBLIE))}/")
    regarder()
    page.get_by_label("Votre réponse").fill(REPONSE)
    page.get_by_role("button", name="Continuer").click()
    page.get_by_label("Nouveau mot de passe", exact=True).fill(NOUVEAU)
    regarder()
    page.get_by_role("button", name="Enregistrer le mot de passe").click()
    entrer(page, racine, ancienne, NOUVEAU)
    expect(page).to_have_url(f"{racine}/espace/")
    assert plaintes == []
