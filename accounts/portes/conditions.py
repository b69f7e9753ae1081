"""The door of a new version of the CGU: whoever has not accepted it is shown it first (CGU §1)."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from ..espace.conditions import conditions_dues
from ..traces.requete import compte_connecte
from .ouvertes import Du, est_ouverte
from .saisie import suite_de

PAGE = "accepter_conditions"
GARDEE = (
    "Rien n’a encore été enregistré : de nouvelles conditions viennent d’entrer en vigueur. Ce que vous aviez rempli est gardé quinze "
    "minutes, sans les fichiers ni les mots de passe : vous le retrouverez après les avoir acceptées."
)
PERDUE = "Rien n’a été enregistré : de nouvelles conditions viennent d’entrer en vigueur."


class ConditionsMiddleware:
    """Leaves open what the access table says (`Du.CONDITIONS`), and sends every other page to the version to accept.

    Runs after the renewal of the password and the trust answer, which come first. Agents accept nothing.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_: Any) -> HttpResponse | None:
        """Send to the version to accept, and from there back to what was asked for, or to what was kept of what was posted."""
        compte = compte_connecte(request)
        espace = getattr(compte, "espace", None)
        trouve = request.resolver_match
        if compte is None or compte.is_staff or espace is None or trouve is None:
            return None
        if trouve.namespace or est_ouverte(request, Du.CONDITIONS) or not conditions_dues(espace):
            return None
        suite = suite_de(request, gardee=GARDEE, perdue=PERDUE)
        return redirect(reverse(PAGE, query={"suite": suite} if suite else None))
