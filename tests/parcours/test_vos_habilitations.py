"""What one holds, what waits and what was lost, as a suppléant en veille and an accountant read it (issue 10.9)."""

from collections.abc import Callable

import pytest
from django.db import transaction
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import Espace
from habilitations.models import Role
from habilitations.partage.delegations import retirer_delegation
from habilitations.partage.suppleances import mettre_en_veille
from tests.factories import EspaceFactory, PersonneFactory, ServiceFactory, accorder, habiliter

pytestmark = pytest.mark.django_db(transaction=True)


def test_ce_que_l_on_tient_et_ce_que_l_on_a_perdu(
    live_server: LiveServer, page: Page, connecte: Espace, regarder: Callable[[], None], plaintes: list[str]
) -> None:
    titulaire = EspaceFactory(nom="Faure", prenom="Julie")
    tva = ServiceFactory(code="DECL_TVA", libelle="Déclarer la TVA")
    with transaction.atomic():
        suppleance = accorder(
            habiliter(titulaire, personne=PersonneFactory(denomination="BRASSERIE DES TERREAUX"), service=tva),
            connecte,
            Role.SUPPLEANT,
        )
        delegation = accorder(
            habiliter(titulaire, personne=PersonneFactory(denomination="CAVE DES CANUTS"), service=tva),
            connecte,
            Role.ACTEUR,
        )
    mettre_en_veille(acteur=titulaire, suppleances=[suppleance])
    retirer_delegation(acteur=titulaire, delegations=[delegation])
    page.goto(live_server.url + "/espace/")
    expect(page.get_by_text("par Julie Faure").first).to_be_visible()
    expect(page.get_by_text("Vous n’avez pas encore de service")).to_have_count(0)
    regarder()
    page.get_by_role("link", name="Voir vos habilitations").click()
    expect(page.get_by_role("link", name="En veille (1)")).to_have_attribute("aria-current", "page")
    regarder()
    page.get_by_role("link", name="Perdues (1)").click()
    expect(page.get_by_text("par Julie Faure.")).to_be_visible()
    with transaction.atomic():
        for nom in ("ALPES CHARPENTE", "BERTHIER ET FILS"):
            habiliter(connecte, personne=PersonneFactory(denomination=nom), service=tva)
    page.get_by_role("link", name="Actives").click()
    page.get_by_label("Entreprise, SIREN ou service").fill("berthier")
    page.get_by_role("button", name="Filtrer").click()
    expect(page.get_by_role("link", name="BERTHIER ET FILS")).to_be_visible()
    regarder()
    with page.expect_download() as fichier:
        page.get_by_role("button", name="Télécharger la liste (XLSX)").click()
    assert fichier.value.suggested_filename == "vos-habilitations-actives.xlsx"
    assert plaintes == []
