"""The passkey ceremonies: the library's views, with our doors and our words."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, JsonResponse
from django.urls import reverse
from django.utils.decorators import method_decorator
from django_otp_webauthn import exceptions
from django_otp_webauthn.views import (
    BeginCredentialAuthenticationView,
    BeginCredentialRegistrationView,
    CompleteCredentialAuthenticationView,
    CompleteCredentialRegistrationView,
)

from ..facteurs.cles_acces import AideClesAcces, exiger_place
from ..facteurs.codes_montres import garder_codes
from ..models import Compte
from ..portes.acces import espace_de
from ..portes.connexion import compte_en_attente, conclure
from ..portes.reauthentification import preuve_recente
from ..saisies.regles import RegleMetier

MESSAGES = {
    "credential_not_found": "Cette clé d’accès n’est pas reconnue : elle a peut-être été retirée.",
    "credential_user_mismatch": "Cette clé d’accès est celle d’un autre espace.",
    "user_not_verified": "Vérifiez d’abord votre identité avec votre second facteur actuel.",
    "not_authenticated": "Votre session a pris fin. Connectez-vous de nouveau.",
    "preuve_ancienne": "Rechargez la page : votre mot de passe vous sera redemandé.",
}
REFUS = "Cette clé d’accès n’a pas pu être vérifiée. Réessayez."


class Francais:
    """Errors are said in French, and in no more detail than the person can use; no body gives a 500."""

    def _parse_request_data(self, request: HttpRequest) -> Any:
        try:
            donnees = super()._parse_request_data(request)  # type: ignore[misc]  # the library's view
        except (
            ValueError,
            RecursionError,
        ) as erreur:  # no UTF-8, a number of more than 4,300 digits, brackets without end
            raise exceptions.MalformedRequest from erreur
        if not isinstance(donnees, dict):
            raise exceptions.MalformedRequest
        return donnees

    def handle_exception(self, exc: Exception) -> JsonResponse:
        if isinstance(exc, exceptions.OTPWebAuthnApiError):
            return JsonResponse({"detail": MESSAGES.get(exc.code, REFUS), "code": exc.code}, status=exc.status_code)
        if isinstance(exc, RegleMetier):
            return JsonResponse({"detail": str(exc), "code": exc.code}, status=403)
        raise exc


class Refus(exceptions.OTPWebAuthnApiError):
    status_code = 403


class ClesDeLEspace(Francais):
    """Registering: the holder of an active espace, who has just proved the password."""

    def get_user(self) -> Any:
        return espace_de(self.request).compte  # type: ignore[attr-defined]  # set by the library's view

    def check_can_register(self) -> None:
        if not preuve_recente(self.request):  # type: ignore[attr-defined]
            raise Refus(code="preuve_ancienne")
        exiger_place(self.get_user())


class EnregistrementDebut(ClesDeLEspace, BeginCredentialRegistrationView):
    """What the browser needs to make a passkey."""

    http_method_names = ["post", "options"]


class EnregistrementFin(ClesDeLEspace, CompleteCredentialRegistrationView):
    """The passkey made; the session goes on under a new key, and fresh recovery codes wait to be shown."""

    http_method_names = ["post", "options"]

    def get_helper(self) -> AideClesAcces:
        self.aide = AideClesAcces(request=self.request)
        return self.aide

    def post(self, *args: Any, **kwargs: Any) -> JsonResponse:
        reponse = super().post(*args, **kwargs)
        self.request.session.cycle_key()
        messages.success(self.request, "Votre clé d’accès est enregistrée. Vos autres sessions sont fermées.")
        if self.aide.codes:
            garder_codes(self.request, self.aide.codes)
        return reponse


class EnAttente(Francais):
    """Signing in: the account whose password was right a moment ago."""

    def get_user(self) -> Compte | None:
        return compte_en_attente(self.request)  # type: ignore[attr-defined]


@method_decorator(login_not_required, name="dispatch")
class VerificationDebut(EnAttente, BeginCredentialAuthenticationView):
    """The challenge."""

    http_method_names = ["post", "options"]


@method_decorator(login_not_required, name="dispatch")
class VerificationFin(EnAttente, CompleteCredentialAuthenticationView):
    """The answer to the challenge opens the session."""

    http_method_names = ["post", "options"]

    def complete_auth(self, device: Any) -> Any:
        compte = self.get_user()
        if compte is None or device.user_id != compte.pk:
            raise exceptions.CredentialUserMismatch
        conclure(acteur=compte, request=self.request, appareil=device)
        return compte

    def get_success_url(self) -> str:
        return self.get_redirect_url() or reverse("espace")
