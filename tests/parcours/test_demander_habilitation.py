"""A collaborator asks from below, the company head reads it in « À faire » and grants two services (issue 13.4)."""

from collections.abc import Callable

import pytest
from django.core.management import call_command
from django.db import transaction
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import Espace
from habilitations.models import Habilitation
from habilitations.partage.demandes import annoncer_demandes_habilitation
from services.models import Service
from tests.factories import EspaceFactory, PersonneFactory, habiliter

from .scenes import AVEC_ET_SANS, voir

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("largeur", AVEC_ET_SANS)
def test_de_la_demande_a_l_habilitation(
    live_server: LiveServer,
    page: Page,
    connecter: Callable[[Espace], None],
    regarder: Callable[[], None],
    plaintes: list[str],
    largeur: int,
) -> None:
    def verifier(nom: str) -> None:
        if largeur == 1280:  # without scripts nothing can be asked of the page; both widths are looked at here
            regarder()
        voir(page, nom, largeur)

    call_command("charger_catalogue", verbosity=0)
    personne = PersonneFactory(denomination="GARAGE DU PONT NEUF")
    titulaire, demandeur = EspaceFactory(prenom="Karine", nom="Vidal"), EspaceFactory(prenom="Chloé", nom="Simon")
    with transaction.atomic():
        for service in Service.objects.all()[:4]:
            habiliter(titulaire, personne=personne, service=service)
    connecter(demandeur)
    page.goto(f"{live_server.url}/espace/gerer-les-services/")
    page.get_by_role("link", name="Demandes d’habilitation").click()
    page.get_by_role("link", name="Demander une habilitation", exact=True).click()
    page.get_by_role("button", name="Envoyer la demande").click()
    expect(page.get_by_text("Dites pourquoi vous demandez").first).to_be_visible()
    page.get_by_label("Numéro SIREN").fill(personne.siren_lisible)
    page.get_by_label("Pourquoi demandez-vous").fill("Comptable salariée, il me faut la TVA et le compte fiscal.")
    verifier("demander-habilitation")
    page.get_by_role("button", name="Envoyer la demande").click()
    expect(page.get_by_text("Votre demande est envoyée")).to_be_visible()
    verifier("demandes-habilitation")
    annoncer_demandes_habilitation()
    connecter(titulaire)
    page.goto(f"{live_server.url}/espace/")
    page.get_by_role("link", name="Répondre").first.click()
    expect(page.get_by_text("Chloé Simon").first).to_be_visible()
    verifier("demandes-habilitation-a-repondre")
    page.get_by_role("link", name="Refuser").click()
    verifier("demande-habilitation-refuser")
    page.go_back()
    page.get_by_role("link", name="Accepter").click()
    page.get_by_label("Numéro d’abonné").fill(demandeur.numero_lisible)
    page.get_by_text("Consulter le compte fiscal", exact=True).click()
    page.get_by_text("Déclarer la TVA", exact=True).click()
    page.get_by_text("Acteur : utilise les services", exact=False).click()
    verifier("demande-habilitation-accepter")
    page.get_by_role("button", name="Continuer").click()
    expect(page.get_by_role("heading", name="Relire l’habilitation")).to_be_visible()
    verifier("demande-habilitation-relire")
    page.get_by_role("button", name="Accorder l’habilitation").click()
    expect(page.get_by_text("est désormais acteur de 2 services")).to_be_visible()
    assert Habilitation.objects.vivantes().filter(espace=demandeur).count() == 2
    assert plaintes == []
