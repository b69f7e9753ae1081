"""Passkeys as a second factor, on django-otp-webauthn: what the library leaves to the house.

A passkey comes after the password, never instead of it (CGU §3.2). The ceremonies are the library's; here stand whose
passkeys are meant before the sign-in is complete, what registering one entails, and the answers in French.
"""

from typing import Any

from django.db import transaction
from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.urls import reverse
from django_otp_webauthn.helpers import WebAuthnHelper
from django_otp_webauthn.models import WebAuthnCredential

from .. import actes
from ..models import Compte
from ..saisies.regles import RegleMetier
from ..traces.journal import consigner
from .second_facteur import annoncer_changement, codes_restants, tirer_codes_secours, verrouiller_prouve

CLES_AU_PLUS = 10
NOMS = {"internal": "Clé d’accès de cet appareil", "hybrid": "Clé d’accès d’un téléphone", "usb": "Clé de sécurité USB"}


class TropDeCles(RegleMetier):
    code = "trop_de_cles"
    message = "Vous avez déjà {limite} clés d’accès : retirez-en une."


def exiger_place(compte: Compte) -> None:
    """Check that this account may have one more passkey. Raises: TropDeCles."""
    if WebAuthnCredential.objects.filter(user=compte, confirmed=True).count() >= CLES_AU_PLUS:
        raise TropDeCles(limite=CLES_AU_PLUS)


def configuration(request: HttpRequest, debut: str, fin: str) -> dict[str, str | None]:
    """Return what the library's scripts read in the page: the two addresses of a ceremony, by URL name."""
    return {
        "autocompleteLoginFieldSelector": None,
        "nextFieldSelector": "input[name='next']",
        "csrfToken": get_token(request),
        "beginAuthenticationUrl": reverse(debut),
        "completeAuthenticationUrl": reverse(fin),
        "beginRegistrationUrl": reverse(debut),
        "completeRegistrationUrl": reverse(fin),
    }


class AideClesAcces(WebAuthnHelper):
    """OTP_WEBAUTHN_HELPER_CLASS: registering a passkey is an act, journalled and told by mail."""

    codes: list[str]  # recovery codes drawn with the first factor, to show once

    def get_credential_name(self, user: Any) -> str:
        return str(user.email)

    def get_credential_display_name(self, user: Any) -> str:
        return str(user.espace.nom_complet)

    def create_credential(self, *args: Any, **kwargs: Any) -> WebAuthnCredential:
        cle = super().create_credential(*args, **kwargs)
        connus = [NOMS[transport] for transport in ("internal", "hybrid", "usb") if transport in cle.transports]
        cle.name = connus[0] if connus else "Clé d’accès"
        return cle

    @transaction.atomic
    def register_complete(self, user: Any, state: dict[str, Any], data: dict[str, Any]) -> WebAuthnCredential:
        """Save the passkey, draw recovery codes if there are none, close the other sessions, journal and tell by mail.

        Raises: CompteModifie, TropDeCles.
        """
        compte = verrouiller_prouve(user)
        exiger_place(compte)
        cle = super().register_complete(user=user, state=state, data=data)
        self.codes = [] if codes_restants(compte) else tirer_codes_secours(compte)
        evenement = consigner(
            actes.SECOND_FACTEUR_CLE_ENREGISTREE, auteur=compte, espace=getattr(compte, "espace", None)
        )
        annoncer_changement(compte, evenement, "cle_ajoutee", self.request.session.session_key)
        return cle
