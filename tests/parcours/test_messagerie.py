"""Writing to one's office, its answer, its reading by another: on a desktop with scripts, on a telephone without (issue 15.7)."""

import io
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import transaction
from django.utils import timezone
from playwright.sync_api import Page, expect
from pypdf import PdfReader
from pytest_django.live_server_helper import LiveServer

from accounts.models import Espace
from habilitations.models import Role
from services.messagerie.remise import remettre
from services.models import Echange, Message
from tests.factories import AgentFactory, EspaceFactory, PersonneFactory, accorder, habiliter
from tests.services.messagerie.scenes import messagerie

from .scenes import AVEC_ET_SANS, voir

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("largeur", AVEC_ET_SANS)
def test_ecrire_recevoir_et_lire_a_deux(
    live_server: LiveServer,
    page: Page,
    connecte: Espace,
    connecter: Callable[[Espace], None],
    regarder: Callable[[], None],
    plaintes: list[str],
    largeur: int,
) -> None:
    with transaction.atomic():
        personne = PersonneFactory(denomination="ATELIER ROUSSEL")
        racine = habiliter(connecte, personne=personne, service=messagerie())
        autre = EspaceFactory(prenom="Inès", nom="Colin")
        accorder(racine, autre, Role.SUPPLEANT)
    agent = AgentFactory(service_gestionnaire=personne.service_gestionnaire, nom="Moreau", prenom="Denis")

    def montrer(nom: str) -> None:
        if largeur == 1280:  # without scripts nothing can be asked of the page
            regarder()
        voir(page, nom, largeur)

    page.goto(f"{live_server.url}/espace/messages/")
    expect(page.get_by_text("Aucun échange", exact=True)).to_be_visible()
    montrer("messagerie-vide")
    page.get_by_role("link", name="Écrire", exact=True).click()
    page.get_by_role("button", name="Continuer").click()
    expect(page.get_by_role("link", name="Choisissez un thème")).to_be_visible()
    montrer("messagerie-theme")
    page.get_by_label("Demander un délai de paiement").check(force=True)
    page.get_by_role("button", name="Continuer").press("Enter")  # by the keyboard
    page.get_by_label("Objet").fill("Étalement de la CFE 2026")
    page.get_by_role("button", name="Garder le brouillon").click()
    page.get_by_role("link", name="Étalement de la CFE 2026").click()  # found again among the drafts
    expect(page.get_by_label("Objet")).to_have_value("Étalement de la CFE 2026")
    page.get_by_role("button", name="Relire avant d’envoyer").click()
    expect(page.get_by_role("link", name="Message", exact=True)).to_be_visible()  # the summary of what is missing
    page.get_by_role("textbox", name="Message").fill(
        "Bonjour,\n\nNous souhaitons payer la CFE en trois fois.\n\nCordialement,"
    )
    montrer("messagerie-rediger")
    page.get_by_role("button", name="Relire avant d’envoyer").click()
    expect(page.get_by_text("Un message envoyé ne se reprend pas")).to_be_visible()
    montrer("messagerie-relire")
    page.get_by_role("button", name="Envoyer", exact=True).click()
    expect(page.get_by_text("Votre message est envoyé")).to_be_visible()

    echange = Echange.objects.select_related("personne").get()
    echange.passer(Echange.Etat.PIECE_DEMANDEE, timezone.now())
    echange.save()
    with transaction.atomic():
        remettre(
            Message.objects.create(
                pk=uuid.uuid4(), echange=echange, agent=agent, texte="Bonjour,\n\nMerci d’envoyer le dernier bilan."
            )
        )
    connecter(autre)
    page.goto(f"{live_server.url}/espace/messages/?boite=a-traiter")
    expect(page.get_by_text("(non lu)")).to_have_count(1)
    montrer("messagerie-boite")
    page.get_by_role("link", name="Étalement de la CFE 2026").click()
    expect(page.get_by_text("Merci d’envoyer le dernier bilan.")).to_be_visible()
    montrer("messagerie-echange")
    avec_script = page.get_by_role("button", name="Joindre les fichiers choisis")
    sans_script = page.locator("button[name=ailleurs]")
    expect(avec_script if largeur == 1280 else sans_script).to_be_visible()
    expect(sans_script if largeur == 1280 else avec_script).to_be_hidden()
    page.get_by_label("Votre réponse").fill("Voici le bilan.")
    page.get_by_role("button", name="Relire avant d’envoyer").click()
    expect(page.get_by_text("Un message envoyé ne se reprend pas.")).to_be_visible()
    montrer("messagerie-relire-reponse")
    page.get_by_role("button", name="Envoyer", exact=True).click()
    expect(page.get_by_text("Votre message est envoyé au SIE")).to_be_visible()
    with page.expect_download() as telechargement:
        page.get_by_role("link", name="Imprimer ou télécharger").click()
    lu = PdfReader(io.BytesIO(Path(telechargement.value.path()).read_bytes()))
    dit = " ".join("".join(feuille.extract_text() for feuille in lu.pages).split())
    assert "Nous souhaitons payer la CFE en trois fois." in dit
    assert "Voici le bilan." in dit
    page.get_by_role("button", name="Clore l’échange").click()
    page.get_by_role("button", name="Rouvrir pour répondre").click()
    expect(page.get_by_label("Compléter votre message")).to_be_visible()
    connecter(connecte)
    page.goto(f"{live_server.url}/espace/messages/{echange.reference}/")
    expect(page.get_by_text("lu par Inès Colin")).to_have_count(2)  # ours, and the office's
    page.goto(f"{live_server.url}/espace/entreprises/{personne.siren}/messages/")
    montrer("messagerie-entreprise")
    assert plaintes == []
