"""A link's page, and those that follow it, never take the session for the link's owner (issue 10.12)."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render

from ..envois.liens import espace_du_lien
from ..models import Espace


def refuser_a_un_autre(request: HttpRequest, proprietaire: Espace | None, *, suite: str = "") -> HttpResponse | None:
    """Return the page shown to whoever is signed in as somebody else than `proprietaire`; None to all others.

    Nothing is used up: `suite`, the page asked for again after signing out, finds it whole.
    """
    if not request.user.is_authenticated or proprietaire is None:
        return None
    if getattr(request.user, "espace", None) == proprietaire:
        return None
    return render(request, "accounts/lien_d_un_autre.html", {"suite": suite}, status=409)


def lien_du_titulaire[**P](
    vue: Callable[Concatenate[HttpRequest, str, P], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, str, P], HttpResponseBase]:
    """Keep the page of a link, whatever its state, from who is signed in as somebody else. Put it on every link's view."""

    @wraps(vue)
    def gardee(request: HttpRequest, jeton: str, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        proprietaire = espace_du_lien(jeton) if request.user.is_authenticated else None
        refus = refuser_a_un_autre(request, proprietaire, suite=request.path)
        return refus if refus is not None else vue(request, jeton, *args, **kwargs)

    return gardee
