"""« Vos données » and the deletion of an espace, in a browser, with axe on every page (R18, R19, R24)."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import transaction
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import Espace
from habilitations.models import DemandeRetrait, Role
from services.models import PersonneSirenisee
from tests.factories import EspaceFactory, ServiceFactory, accorder, habiliter

pytestmark = pytest.mark.django_db(transaction=True)


def test_lire_telecharger_faire_corriger(
    page: Page,
    live_server: LiveServer,
    connecte: Espace,
    danone: PersonneSirenisee,
    regarder: Callable[[], None],
    plaintes: list[str],
) -> None:
    with transaction.atomic():
        accorder(habiliter(connecte, personne=danone), EspaceFactory(), Role.SUPPLEANT)
    page.goto(f"{live_server.url}/espace/gerer-les-services/")
    page.locator(".ep-menu > summary").click()
    page.get_by_role("link", name="Vos données", exact=True).first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Vos données")
    expect(page.get_by_role("main").get_by_text(connecte.compte.email).first).to_be_visible()
    regarder()
    with page.expect_download() as telechargement:
        page.get_by_role("button", name="JSON").click()
    contenu = json.loads(Path(telechargement.value.path()).read_text())
    assert contenu["numero_abonne"] == connecte.numero_abonne
    page.get_by_role("link", name="demandez une rectification").click()
    regarder()
    page.get_by_role("button", name="Envoyer la demande").click()
    expect(page.get_by_role("alert")).to_be_visible()
    regarder()
    page.get_by_label("Ce qui est à corriger").select_option("AUTRE")
    page.get_by_label("Votre demande").fill("Ma date d'activation est fausse.")
    page.get_by_role("button", name="Envoyer la demande").click()
    expect(page.get_by_text("Votre demande est partie vers SIE de Paris 9e")).to_be_visible()
    page.goto(f"{live_server.url}/donnees-personnelles/")
    regarder()
    assert plaintes == []


def test_supprimer_bloque_puis_supprimer(
    page: Page,
    live_server: LiveServer,
    connecte: Espace,
    regarder: Callable[[], None],
    plaintes: list[str],
) -> None:
    with transaction.atomic():
        habiliter(connecte)
        bloquante = habiliter(connecte, service=ServiceFactory(code="RESERVE", retrait_par_gestionnaire=True))
    page.goto(f"{live_server.url}/espace/supprimer/")
    expect(page.get_by_text("seul le service gestionnaire peut retirer")).to_be_visible()
    regarder()
    page.get_by_role("button", name="Demander le retrait au service gestionnaire").click()
    expect(page.get_by_text("Retrait demandé le")).to_be_visible()
    assert DemandeRetrait.objects.count() == 1
    with transaction.atomic():
        DemandeRetrait.objects.all().delete()
        bloquante.adhesion.fermee_le, bloquante.adhesion.fermee_motif = bloquante.accordee_le, "RETRAIT_GESTIONNAIRE"
        bloquante.adhesion.save()
        bloquante.fin_le, bloquante.fin_motif = bloquante.accordee_le, "FERMETURE"
        bloquante.save()
    page.reload()
    expect(page.get_by_text("Adhésions fermées (1)")).to_be_visible()
    regarder()
    page.get_by_role("button", name="Supprimer définitivement votre espace").click()
    expect(page.get_by_text("Cochez cette case").first).to_be_visible()
    page.locator("label", has_text="J’ai compris").click()
    page.get_by_role("button", name="Supprimer définitivement votre espace").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Votre espace est supprimé")
    regarder()
    assert Espace.objects.get(pk=connecte.pk).etat == Espace.Etat.SUPPRIME
    page.goto(f"{live_server.url}/espace/")
    assert "/connexion/" in page.url
    assert plaintes == []
