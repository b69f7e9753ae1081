"""While a session waits for its verification, every page of the portal leads to the one that asks for it."""

from collections.abc import Callable
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from accounts.portes.ouvertes import Du, est_ouverte
from accounts.portes.saisie import suite_de
from accounts.traces.requete import compte_connecte

PAGE: Final = "verifier_session"
GARDEE: Final = (
    "Rien n’a encore été enregistré. Ce que vous aviez rempli est gardé quinze minutes, sans les fichiers ni les mots de passe : vous le "
    "retrouverez après cette vérification."
)
PERDUE: Final = "Rien n’a été enregistré : vérifions d’abord que c’est bien vous."


class VerificationMiddleware:
    """Closed by default: the pages alone stay open of which the access table says so (`Du.VERIFICATION`). Runs after the session's own limits, before what a holder must do first."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_: Any) -> HttpResponse | None:
        """Send every other page there, and keep what was posted to it."""
        compte = compte_connecte(request)
        if compte is None or compte.is_staff or request.session.verification is None:  # type: ignore[attr-defined]
            return None
        if est_ouverte(request, Du.VERIFICATION):
            return None
        return redirect(reverse(PAGE, query={"suite": suite_de(request, gardee=GARDEE, perdue=PERDUE)}))
