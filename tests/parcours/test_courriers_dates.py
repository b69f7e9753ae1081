"""In the browser: beyond the caps the demande is accepted, and its page says the day of its letter (issue 9, item 3)."""

from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page

from accounts.models import Espace
from accounts.saisies.dates import jour_en_lettres
from activation.models import Courrier
from tests.activation import scenes
from tests.factories import PersonneFactory

pytestmark = pytest.mark.django_db(transaction=True)


def test_le_jour_du_courrier(page: Page, live_server: Any, connecte: Espace, regarder: Callable[[], None]) -> None:
    personne = PersonneFactory(denomination="ENTREPRISE SOLLICITÉE")
    for _ in range(3):
        scenes.adhesion(None, personne)
    demande = scenes.adhesion(connecte, personne)
    page.goto(live_server.url + reverse("demande", args=[demande.reference]))
    regarder()
    alerte = page.locator(".fr-alert, .fr-notice, [class*=alert]").filter(has_text="attend son jour")
    assert jour_en_lettres(Courrier.objects.get(demande=demande).pas_avant) in alerte.first.inner_text()
