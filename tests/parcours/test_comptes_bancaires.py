"""Adding an account, printing its mandate, ticking it, removing it: on a desktop with scripts, on a telephone without (R20)."""

import io
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import transaction
from django.utils import timezone
from playwright.sync_api import Page, expect
from pypdf import PdfReader
from pytest_django.live_server_helper import LiveServer

from accounts.models import Espace
from services.models import MandatSepa, ReferenceBancaire, Service
from tests.factories import MOT_DE_PASSE, PersonneFactory, ServiceFactory, habiliter

from .scenes import AVEC_ET_SANS, voir

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("largeur", AVEC_ET_SANS)
def test_un_compte_de_son_ajout_a_sa_suppression(
    live_server: LiveServer,
    page: Page,
    connecte: Espace,
    regarder: Callable[[], None],
    plaintes: list[str],
    largeur: int,
) -> None:
    personne = PersonneFactory(denomination="ATELIER ROUSSEL", courriel="compta@atelier-roussel.fr")
    payer = ServiceFactory(code="PAYER_TVA", libelle="Payer la TVA", paiement=True, famille=Service.Famille.PAYER)
    with transaction.atomic():
        habiliter(connecte, personne=personne, service=payer)

    def montrer(nom: str) -> None:
        if largeur == 1280:  # without scripts nothing can be asked of the page
            regarder()
        voir(page, nom, largeur)

    page.goto(f"{live_server.url}/espace/entreprises/{personne.siren}/")
    page.get_by_role("link", name="Comptes bancaires").click()
    expect(page.get_by_text("Aucun compte")).to_be_visible()
    montrer("comptes-vide")
    page.get_by_role("link", name="Ajouter un compte").click()
    page.get_by_label("IBAN ou RIB").fill("FR76 3000 6000 0112 3456 7890 188")
    page.get_by_role("button", name="Continuer").click()
    expect(page.get_by_text("La clé de contrôle n’est pas bonne").first).to_be_visible()
    montrer("comptes-ajouter")
    page.get_by_label("IBAN ou RIB").fill("30006 00001 12345678901 89")
    page.get_by_label("IBAN ou RIB").press("Enter")  # by the keyboard
    expect(page.get_by_text("FR76 3000 6000 0112 3456 7890 189")).to_be_visible()
    montrer("comptes-relire")
    page.go_back()  # no error of the browser: the page that was refused, then the first one, each filled
    expect(page.get_by_text("La clé de contrôle n’est pas bonne").first).to_be_visible()
    page.go_back()
    expect(page.get_by_label("IBAN ou RIB")).to_have_value(re.compile("30006|3000 6"))
    page.go_forward()
    page.go_forward()
    expect(page.get_by_text("FR76 3000 6000 0112 3456 7890 189")).to_be_visible()
    page.get_by_role("button", name="Confirmer l’ajout").press("Enter")
    expect(page.get_by_role("heading", name="Mandat à remettre à la banque")).to_be_visible()
    copier = page.get_by_role("button", name="Copier")  # without scripts it would do nothing
    expect(copier).to_have_count(2 if largeur == 1280 else 0)
    montrer("comptes-liste")

    page.get_by_role("link", name="Éditer le mandat").click()
    montrer("comptes-mandat")
    page.get_by_label("Mot de passe", exact=True).fill(MOT_DE_PASSE)
    page.get_by_role("button", name="Préparer le mandat").click()
    montrer("comptes-mandat-pret")
    with page.expect_download() as telechargement:
        page.get_by_role("button", name="Télécharger le mandat").click()
    lu = PdfReader(io.BytesIO(Path(telechargement.value.path()).read_bytes())).pages[0].extract_text()
    assert "FR76 3000 6000 0112 3456 7890 189" in lu
    assert MandatSepa.objects.get().rum in lu
    page.get_by_role("link", name="Continuer vers les comptes").click()
    page.get_by_label("Remis le").fill(f"{timezone.localdate():%Y-%m-%d}")
    page.get_by_role("button", name="C’est fait").click()
    expect(page.get_by_role("heading", name="Mandat à remettre à la banque")).to_have_count(0)
    expect(page.get_by_text("Mandat remis, en attente de la banque")).to_be_visible()
    page.get_by_role("button", name="Corriger").press("Enter")
    expect(page.get_by_role("heading", name="Mandat à remettre à la banque")).to_be_visible()
    page.get_by_role("button", name="C’est fait").press("Enter")
    expect(page.get_by_text("Mandat remis, en attente de la banque")).to_be_visible()

    page.goto(f"{live_server.url}/espace/services/{personne.siren}/PAYER_TVA/")
    expect(page.get_by_role("heading", name="Comptes à débiter")).to_be_visible()
    montrer("comptes-payer")
    page.goto(f"{live_server.url}/espace/entreprises/{personne.siren}/comptes-bancaires/")

    page.get_by_role("link", name="Voir l’IBAN").click()
    page.get_by_label("Mot de passe", exact=True).fill(MOT_DE_PASSE)
    page.get_by_role("button", name="Afficher l’IBAN").click()
    expect(page.get_by_text("FR76 3000 6000 0112 3456 7890 189")).to_be_visible()
    montrer("comptes-iban")
    page.get_by_role("link", name="Fermer").click()
    page.get_by_role("link", name="Renommer").click()
    page.get_by_label("Titulaire du compte").fill("ROUSSEL PASCAL")
    montrer("comptes-renommer")
    page.get_by_role("button", name="Renommer").click()
    expect(page.get_by_role("rowheader", name="ROUSSEL PASCAL")).to_be_visible()
    page.get_by_role("link", name="Ce n’est pas nous : titulaire renommé").click()
    montrer("comptes-signaler")
    page.get_by_role("button", name="Ce n’est pas nous").press("Enter")
    expect(page.get_by_text("Votre signalement est enregistré")).to_be_visible()
    montrer("comptes-signale")
    page.get_by_role("link", name="Voir les comptes bancaires").click()
    expect(page.get_by_text("Suspendu", exact=True)).to_be_visible()
    montrer("comptes-suspendu")
    page.get_by_role("link", name="Signalé : à examiner").click()
    page.get_by_role("button", name="Reprendre mon signalement").press("Enter")
    expect(page.get_by_text("Votre signalement est repris")).to_be_visible()
    page.get_by_role("link", name="Voir les comptes bancaires").click()
    page.get_by_role("link", name="Supprimer le compte").click()
    montrer("comptes-supprimer")
    page.get_by_role("button", name="Supprimer le compte").click()
    expect(page.get_by_text("Le compte est supprimé")).to_be_visible()
    assert ReferenceBancaire.objects.get().supprimee_le is not None
    assert plaintes == []
