"""Doors of the pages of a person: an active espace, nothing less."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate

from django.http import Http404, HttpRequest, HttpResponseBase

from .models import Espace


def espace_de(request: HttpRequest) -> Espace:
    """Return the active espace of whoever is signed in. Raises Http404 for anybody else, agents included."""
    espace = getattr(request.user, "espace", None)
    if espace is None or not espace.est_actif:
        raise Http404
    return espace


def espace_requis[**P](
    vue: Callable[Concatenate[HttpRequest, Espace, P], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """Give the view the signed-in person's active espace as second argument (LoginRequiredMiddleware comes before)."""

    @wraps(vue)
    def interieure(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        return vue(request, espace_de(request), *args, **kwargs)

    return interieure
