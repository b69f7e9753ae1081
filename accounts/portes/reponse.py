"""After a sign-in: the récapitulatif that this browser still keeps, or a new answer where none was ever shown (R5)."""

from collections.abc import Callable
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from ..espace.recapitulatif import reponse_disponible
from ..models import Compte
from ..traces.requete import compte_connecte
from .ouvertes import Du, est_ouverte

APRES_CONNEXION: Final = "apres_connexion"
RECAPITULATIF: Final = "recapitulatif"
NOUVELLE_REPONSE: Final = "nouvelle_reponse"


def noter_reponse_due(sender: Any, request: HttpRequest, user: Compte, **_: Any) -> None:
    """Say in the session what its first page is, when the answer of the espace was never shown (signal user_logged_in)."""
    espace = getattr(user, "espace", None)
    if espace is not None and espace.reponse_a_montrer:
        la = reponse_disponible(request.session, espace)
        request.session[APRES_CONNEXION] = RECAPITULATIF if la else NOUVELLE_REPONSE


class ReponseMiddleware:
    """Offers the récapitulatif once after the sign-in; or leaves only the choice of a new answer and the way out open (`Du.REPONSE` in the access table).

    Runs after RenouvellementMiddleware: a password that is due comes first.
    """

    # They offer the récapitulatif themselves.
    A_L_INSCRIPTION = frozenset(
        {"inscription_confirmee", "inscription_recapitulatif", "inscription_simplifiee_confirmee"}
    )

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_: Any) -> HttpResponse | None:
        """Send the first page, or every page, where the answer is settled."""
        quoi = request.session.get(APRES_CONNEXION)
        compte = compte_connecte(request)
        if quoi is None or compte is None:
            return None
        if est_ouverte(request, Du.REPONSE):
            return None
        if not compte.espace.reponse_a_montrer:
            del request.session[APRES_CONNEXION]
            return None
        if quoi == NOUVELLE_REPONSE:
            return redirect("choisir_question")
        trouve = request.resolver_match
        if trouve is not None and (trouve.view_name in self.A_L_INSCRIPTION or "jeton" in trouve.kwargs):
            return None  # a link is never written into another address
        if request.method != "GET":
            return None
        del request.session[APRES_CONNEXION]
        return redirect(reverse("question_changee", query={"suite": request.get_full_path()}))
