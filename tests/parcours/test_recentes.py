"""In the browser: what was just granted is seen, declined, or gives way to one's own code (R11, R13)."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from django.urls import reverse
from playwright.sync_api import Page

from accounts.models import Espace
from habilitations.arbre.recentes import indecises
from habilitations.droits.perimetre import compter_siren
from habilitations.models import Role
from tests.activation import scenes
from tests.factories import EspaceFactory, PersonneFactory, accorder, habiliter

pytestmark = pytest.mark.django_db(transaction=True)


def test_voir_decliner_puis_faire_place(
    page: Page, live_server: Any, connecte: Espace, regarder: Callable[[], None], settings: Any
) -> None:
    with transaction.atomic():
        intrus = EspaceFactory(nom="Intrus", prenom="Paul")
        habiliter(connecte, personne=PersonneFactory(denomination="BOULANGERIE MARTIN"))
        for rang in range(3):
            accorder(
                habiliter(intrus, personne=PersonneFactory(denomination=f"SOCIÉTÉ CONFIÉE {rang}")),
                connecte,
                Role.ACTEUR,
            )
    page.goto(live_server.url + reverse("espace"))
    regarder()
    page.get_by_role("link", name="Vérifier").click()
    regarder()
    page.locator("tbody th label").first.click()
    page.get_by_role("button", name="Décliner").click()
    regarder()
    page.get_by_role("button", name="Décliner").click()
    assert compter_siren(connecte) == 3

    settings.PERIMETRE_SIREN = 3
    demande = scenes.adhesion(connecte, PersonneFactory(denomination="MA NOUVELLE SOCIÉTÉ"))
    scenes.editer(demande)
    page.goto(live_server.url + reverse("demande", args=[demande.reference]))
    regarder()
    assert page.get_by_role("rowheader", name="SOCIÉTÉ CONFIÉE").count() == 1
    page.locator("#id_code").fill(scenes.code(demande))
    page.get_by_role("button", name="Activer").click()
    page.wait_for_load_state()
    assert compter_siren(connecte) == 3
    assert len(indecises(connecte, maintenant=demande.deposee_le)) == 1
