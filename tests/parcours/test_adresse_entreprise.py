"""A company's new e-mail in a browser: asked, confirmed from its mailbox on another device, then its code (R21)."""

from collections.abc import Callable

import pytest
from django.db import transaction
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import Espace, Lien
from activation.models import Demande
from services.models import PersonneSirenisee
from tests.activation.scenes import lien_adresse
from tests.factories import PersonneFactory, habiliter
from tests.services.messagerie.scenes import messagerie

from .scenes import AVEC_ET_SANS, code_attendu, voir

pytestmark = pytest.mark.django_db(transaction=True)
NOUVELLE = "bureau@tilleuls.fr"


@pytest.mark.parametrize("largeur", AVEC_ET_SANS)
def test_le_lien_puis_le_code(
    live_server: LiveServer,
    page: Page,
    browser: Browser,
    connecte: Espace,
    largeur: int,
    regarder: Callable[[], None],
    plaintes: list[str],
) -> None:
    with transaction.atomic():
        personne = PersonneFactory(denomination="SCI LES TILLEULS", courriel="contact@tilleuls.fr")
        habiliter(connecte, personne=personne, service=messagerie())

    def montrer(nom: str) -> None:
        if largeur == 1280:  # without scripts nothing can be asked of the page
            regarder()
        voir(page, nom, largeur)

    page.goto(live_server.url + reverse("courriel_entreprise_changer", args=[personne.siren]))
    page.get_by_label("Nouvelle adresse").fill(NOUVELLE)
    page.get_by_text("personne mandatée").click()
    montrer("adresse-1-saisir")
    page.get_by_role("button", name="Continuer").click()
    montrer("adresse-2-relire")
    page.get_by_role("button", name="Envoyer la demande").click()
    expect(page.get_by_text("Étape 1 sur 2")).to_be_visible()
    montrer("adresse-3-attente")
    demande = Demande.objects.get()
    assert not demande.courriers.exists()

    ailleurs = browser.new_context(locale="fr-FR", timezone_id="Europe/Paris").new_page()
    ailleurs.set_viewport_size({"width": largeur, "height": 900})
    ailleurs.goto(live_server.url + reverse("confirmer_adresse_entreprise", args=[lien_adresse(demande)]))
    voir(ailleurs, "adresse-4-lien", largeur)
    ailleurs.get_by_role("button", name="Confirmer cette adresse").click()
    expect(ailleurs.get_by_text("Il reste une étape")).to_be_visible()
    voir(ailleurs, "adresse-5-confirmee", largeur)
    lien = ailleurs.url
    ailleurs.context.close()
    assert Lien.objects.get(sujet=demande.pk).consomme_le is not None

    code = code_attendu(demande)
    page.goto(live_server.url + reverse("demande", args=[demande.reference]))
    expect(page.get_by_text("Nouvelle adresse confirmée")).to_be_visible()
    montrer("adresse-6-code")
    page.get_by_label("Code reçu").fill(code)
    page.get_by_role("button", name="Activer").click()
    expect(page.get_by_text("L’adresse électronique de l’entreprise est changée.")).to_be_visible()
    montrer("adresse-7-changee")
    assert PersonneSirenisee.objects.get(pk=personne.pk).courriel == NOUVELLE
    page.goto(lien)
    montrer("adresse-8-lien-relu")
    page.goto(live_server.url + reverse("preferences_messagerie"))
    montrer("avis-messagerie")
    assert plaintes == []
