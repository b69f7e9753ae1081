"""The page of one company, on a desktop with scripts and on a telephone without: nothing is chosen twice (issue 13.3)."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import Espace
from habilitations.models import Role
from services.models import Service
from tests.espacepro.scenes import deposer
from tests.factories import EspaceFactory, PersonneFactory, accorder, habiliter

from .scenes import AVEC_ET_SANS, voir

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("largeur", AVEC_ET_SANS)
def test_une_entreprise_et_tout_ce_qui_la_concerne(
    live_server: LiveServer,
    page: Page,
    connecte: Espace,
    regarder: Callable[[], None],
    plaintes: list[str],
    largeur: int,
) -> None:
    call_command("charger_catalogue", verbosity=0)
    personne = PersonneFactory(denomination="GARAGE DU PONT NEUF", courriel="compta@garage-pont-neuf.example")
    ines, hugo, chloe = (
        EspaceFactory(prenom=prenom, nom=nom)
        for prenom, nom in (("Inès", "Colin"), ("Hugo", "Marchal"), ("Chloé", "Simon"))
    )
    with transaction.atomic():
        for service in Service.objects.all()[:9]:
            racine = habiliter(connecte, personne=personne, service=service)
            suppleance = accorder(racine, ines, Role.SUPPLEANT)
            accorder(racine, chloe, Role.ACTEUR_DELEGANT)
        accorder(suppleance, hugo, Role.ACTEUR, expire_le=timezone.localdate() + timedelta(days=20))
    demande = deposer(personne, connecte, 7).demande
    page.goto(f"{live_server.url}/espace/entreprises/{personne.siren}/")
    expect(page.get_by_role("heading", name="Vos services")).to_be_visible()
    if largeur == 1280:  # without scripts nothing can be asked of the page; both widths are looked at here
        regarder()
    voir(page, "entreprise", largeur)
    onglets = page.get_by_role("navigation", name="Cette entreprise")
    onglets.get_by_role("link", name="Accès").click()
    expect(page.get_by_text("aucune utilisation connue").first).to_be_visible()
    if largeur == 1280:
        regarder()
    voir(page, "entreprise-acces", largeur)
    onglets.get_by_role("link", name="Demandes et courriers").click()
    expect(page.get_by_role("link", name=demande.reference)).to_be_visible()
    if largeur == 1280:
        regarder()
    voir(page, "entreprise-demandes", largeur)
    onglets.get_by_role("link", name="Journal").click()
    expect(page.get_by_role("heading", name="Journal de GARAGE DU PONT NEUF")).to_be_visible()
    onglets.get_by_role("link", name="Services").click()
    page.get_by_text("Services que vous ne détenez pas").click()
    page.get_by_role("link", name="Adhérer à un autre service").click()
    expect(page.get_by_text("GARAGE DU PONT NEUF").first).to_be_visible()  # the SIREN is not asked again
    assert plaintes == []
