"""A new version of the CGU, then a harder password policy, in a real browser, with and without JavaScript (issue 10.16)."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import Espace, PolitiqueMotDePasse, VersionCGU
from accounts.models.publication import oublier_publications
from tests.factories import MOT_DE_PASSE
from tests.parcours.scenes import AVEC_ET_SANS, voir

NOUVEAU = "brouillard kayak 81 moutarde violon tournevis coquelicot"


def entree_en_vigueur() -> dict[str, object]:
    """What a publication announced a month ago, and in force since yesterday, has in its row."""
    hier = timezone.now() - timedelta(days=1)
    oublier_publications()
    return {"publiee_le": hier - timedelta(days=40), "annoncee_le": hier - timedelta(days=39), "en_vigueur_le": hier}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("largeur", AVEC_ET_SANS)
def test_accepter_une_nouvelle_version(
    live_server: LiveServer, page: Page, textes_cgu: Path, connecte: Espace, largeur: int
) -> None:
    page.goto(f"{live_server.url}/espace/gerer-les-services/")
    expect(page.get_by_text("version 2026-01 des conditions")).to_be_visible()
    VersionCGU.objects.create(numero="2027-01", empreinte="0" * 64, **entree_en_vigueur())
    page.goto(f"{live_server.url}/espace/demandes/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Les conditions d’utilisation ont changé")
    expect(page.get_by_text("Une réponse est donnée sous dix jours (version 2027-01)")).to_be_visible()
    voir(page, "cgu_accepter", largeur)
    page.get_by_role("main").get_by_role("link", name="vos données", exact=True).click()
    expect(page).to_have_url(f"{live_server.url}/espace/mes-donnees/")
    page.goto(f"{live_server.url}/cgu/2026-01/")
    voir(page, "cgu_ancienne", largeur)
    page.goto(f"{live_server.url}/espace/demandes/")
    page.get_by_role("button", name="Accepter et continuer").click()
    expect(page.get_by_text("Pour continuer, acceptez cette version").first).to_be_visible()
    voir(page, "cgu_sans_cocher", largeur)
    page.locator("label[for=id_cgu]").click()
    page.get_by_role("button", name="Accepter et continuer").click()
    expect(page).to_have_url(f"{live_server.url}/espace/demandes/")
    voir(page, "cgu_acceptee", largeur)
    connecte.refresh_from_db()
    assert connecte.cgu_version == "2027-01"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("largeur", AVEC_ET_SANS)
def test_renouveler_sous_une_politique_durcie(
    live_server: LiveServer, page: Page, connecte: Espace, largeur: int
) -> None:
    PolitiqueMotDePasse.objects.create(version=2, longueur=48, niveau=2, **entree_en_vigueur())
    page.goto(f"{live_server.url}/espace/demandes/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Renouveler votre mot de passe")
    expect(page.get_by_text("48 caractères au moins")).to_be_visible()
    page.locator("#id_actuel").fill(MOT_DE_PASSE)
    page.locator("#id_nouveau").fill("brouillard kayak 81 moutarde violon")
    if largeur == 1280:
        expect(page.get_by_text("il en faut au moins 48")).to_be_visible()
        expect(page.locator("[data-jauge-suite]")).to_have_text("refusé")
    voir(page, "politique_jauge", largeur)
    page.locator("#id_nouveau").fill(NOUVEAU)
    if largeur == 1280:
        expect(page.locator("[data-jauge-suite]")).to_have_text("accepté")
    page.get_by_role("button", name="Renouveler le mot de passe").click()
    expect(page).to_have_url(f"{live_server.url}/espace/")
    voir(page, "politique_renouvele", largeur)
