"""A passkey in a real browser: registered, then asked after the password, under the strict CSP; the pages pass axe."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from django_otp_webauthn.models import WebAuthnCredential
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import Courriel, Espace
from tests.factories import MOT_DE_PASSE, EspaceFactory

VUES = os.environ.get("CAPTURES")


def voir(page: Page, regarder: Callable[[], None], nom: str) -> None:
    """Check a page, and keep a picture of it where CAPTURES says."""
    regarder()
    if VUES:
        page.screenshot(path=Path(VUES) / f"{nom}-{page.viewport_size['width']}.png", full_page=True)  # type: ignore[index]


def se_connecter(page: Page, live_server: LiveServer, espace: Espace) -> None:
    page.goto(live_server.url + reverse("connexion"))
    page.get_by_label("Adresse électronique de connexion").fill(espace.compte.email)
    page.locator("input[name=password]").fill(MOT_DE_PASSE)
    page.get_by_role("button", name="Se connecter").click()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("largeur", [1280, 390])
def test_une_cle_d_acces_de_l_enregistrement_a_la_connexion(
    page: Page,
    plaintes: list[str],
    regarder: Callable[[], None],
    live_server: LiveServer,
    settings: Any,
    largeur: int,
) -> None:
    settings.OTP_WEBAUTHN_RP_ID, settings.OTP_WEBAUTHN_ALLOWED_ORIGINS = "localhost", [live_server.url]
    page.set_viewport_size({"width": largeur, "height": 800})
    cdp = page.context.new_cdp_session(page)
    cdp.send("WebAuthn.enable")
    cdp.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )
    espace = EspaceFactory()
    se_connecter(page, live_server, espace)
    page.goto(live_server.url + reverse("securite"))
    voir(page, regarder, "securite")
    page.get_by_role("link", name="Ajouter une clé d’accès").click()
    voir(page, regarder, "cle_acces")
    page.get_by_role("button", name="Créer une clé d’accès").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Vos codes de secours")
    voir(page, regarder, "codes_secours")
    page.get_by_role("button", name="J’ai conservé mes codes").click()
    expect(page.get_by_text("Clé d’accès de cet appareil")).to_be_visible()
    voir(page, regarder, "securite_protegee")
    assert WebAuthnCredential.objects.get().user == espace.compte
    assert Courriel.objects.filter(contexte__changement="cle_ajoutee").count() == 1

    page.context.clear_cookies()
    se_connecter(page, live_server, espace)
    expect(page.get_by_role("heading", level=1)).to_have_text("Vérifier votre identité")
    voir(page, regarder, "verification")
    page.get_by_role("button", name="Utiliser votre clé d’accès").click()
    page.wait_for_url("**/espace/")
    assert plaintes == []


@pytest.mark.django_db(transaction=True)
def test_une_application_se_relie_au_clavier_et_a_l_ecran(
    page: Page,
    plaintes: list[str],
    regarder: Callable[[], None],
    connecter: Callable[[Espace], None],
    live_server: LiveServer,
) -> None:
    connecter(EspaceFactory())
    page.goto(live_server.url + reverse("application"))
    voir(page, regarder, "application")
    page.get_by_role("button", name="Afficher le code QR").click()
    expect(page.get_by_role("img", name="Code QR à lire")).to_be_visible()
    voir(page, regarder, "application_code")
    page.get_by_label("Code à 6 chiffres").fill("000000")
    page.get_by_role("button", name="Vérifier le code").click()
    voir(page, regarder, "application_code_refuse")
    page.goto(live_server.url + reverse("securite_connexions"))
    voir(page, regarder, "connexions")
    assert plaintes == []
