"""Doors of the pages of a person: an active espace, nothing less; and one narrow door for whoever waits for a code."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme

from ..models import Espace


def espace_de(request: HttpRequest) -> Espace:
    """Return the active espace of whoever is signed in. Raises Http404 for anybody else, agents included."""
    espace = getattr(request.user, "espace", None)
    if espace is None or not espace.est_actif:
        raise Http404
    return espace


def _attend_son_code(request: HttpRequest) -> bool:
    """Whether an espace simplifié whose letter is on its way is signed in (CGU §2.1.a)."""
    espace = getattr(request.user, "espace", None)
    return espace is not None and espace.etat == Espace.Etat.EN_ATTENTE_CODE


def espace_requis[**P](
    vue: Callable[Concatenate[HttpRequest, Espace, P], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """Give the view the signed-in person's active espace as second argument (LoginRequiredMiddleware comes before).

    An espace that waits for its code is sent to the page of its code, whatever it asked for.
    """

    @wraps(vue)
    def interieure(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if _attend_son_code(request):
            return redirect("activer_espace")
        return vue(request, espace_de(request), *args, **kwargs)

    return interieure


def espace_present_requis[**P](
    vue: Callable[Concatenate[HttpRequest, Espace, P], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """Give the view the espace of whoever is signed in, active or waiting for its code; 404 for anybody else."""

    @wraps(vue)
    def interieure(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        espace = request.user.espace if _attend_son_code(request) else espace_de(request)  # type: ignore[union-attr]
        return vue(request, espace, *args, **kwargs)

    return interieure


def adresse_du_portail(adresse: str) -> str:
    """Return this address when it is a path of this portal, nothing for any other."""
    propre = adresse.startswith("/") and url_has_allowed_host_and_scheme(adresse, allowed_hosts=None)
    return adresse if propre else ""


def espace_en_attente_requis[**P](
    vue: Callable[Concatenate[HttpRequest, Espace, P], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """Give the view the espace that waits for its code; an active one goes home, anybody else finds nothing there."""

    @wraps(vue)
    def interieure(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if _attend_son_code(request):
            return vue(request, request.user.espace, *args, **kwargs)  # type: ignore[union-attr]
        espace_de(request)
        return redirect("espace")

    return interieure


def visiteur_requis[**P](
    vue: Callable[Concatenate[HttpRequest, P], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """Keep this public view for visitors: whoever is signed in goes home, and reads that one espace is not two."""

    @wraps(vue)
    def interieure(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return vue(request, *args, **kwargs)
        messages.info(request, "Une session est déjà ouverte. Pour créer un autre espace, déconnectez-vous d’abord.")
        return redirect("admin:index" if request.user.is_staff else "espace")

    return interieure


def recoit_fichier[Vue: Callable[..., Any]](taille: int) -> Callable[[Vue], Vue]:
    """Say that this view takes a file of at most so many bytes: every other refuses a multipart body unread.

    Put it on top: the decorators below it hand it down, `espacepro.corps.CorpsMiddleware` reads it.
    """

    def marquer(vue: Vue) -> Vue:
        vue.fichier_max = taille  # type: ignore[attr-defined]
        return vue

    return marquer
