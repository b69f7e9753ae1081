"""The pages shown when something does not go as asked: each says what happened and what to do."""

import math
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template import loader
from django.urls import reverse
from django.utils import timezone

from accounts.portes.agents import est_l_hote_des_agents
from accounts.portes.saisie import garder_saisie, ne_pas_estampiller, page_gardee
from accounts.saisies.adresse_saisie import forme_adresse
from accounts.traces.requete import compte_connecte


def refuser(request: HttpRequest, gabarit: str, statut: int, contexte: dict[str, Any] | None = None) -> HttpResponse:
    """Render `gabarit` in the frame of the portal, for who asks, without a stamp: the page asked for was not served."""
    ne_pas_estampiller(request)
    return render(request, gabarit, contexte, status=statut)


def _sans_contexte(gabarit: str, statut: int) -> HttpResponse:
    """Render `gabarit` without request, session or database: they may be what failed."""
    return HttpResponse(loader.get_template(gabarit).render(), status=statut)


def requete_invalide(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer 400."""
    return _sans_contexte("erreurs/400.html", 400)


def acces_refuse(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer 403."""
    return refuser(request, "erreurs/403.html", 403)


def _deja_connecte(request: HttpRequest) -> bool:
    """Whether this is the form of the sign-in, of the account that is signed in already."""
    compte = compte_connecte(request)
    if compte is None or request.method != "POST" or request.path_info != reverse("connexion"):
        return False
    return forme_adresse(request.POST.get("username", "")) == compte.email


def csrf(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer 403 to a form without a valid token: most often a page left open too long. What it carried is kept (issue 10.2).

    Who signs in where a sign-in was left open, and has signed in elsewhere meanwhile, goes on to that espace: nothing is read of the form
    but whose it says that it is.
    """
    if _deja_connecte(request):
        return redirect(reverse("connexion", query={REDIRECT_FIELD_NAME: request.POST.get(REDIRECT_FIELD_NAME, "")}))
    retrouver = page_gardee(request)
    contexte = {
        "gardee": garder_saisie(request),
        "retrouver": retrouver,
        "porte": reverse("connexion" if retrouver == reverse("saisie_gardee") else "admin:login"),
    }
    return refuser(request, "erreurs/csrf.html", 403, contexte)


def page_introuvable(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer 404, without saying whether the thing exists for somebody else."""
    return refuser(request, "erreurs/404.html", 404)


def trop_de_requetes(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer 429."""
    return refuser(request, "erreurs/429.html", 429)


def adresse_bloquee(request: HttpRequest, adresse: str, fin: datetime | None) -> HttpResponse:
    """Answer 403 to a blocked source address: until when, the lawful ways to automate, and how a person goes on (CGU §3.7)."""
    contexte = {
        "adresse": adresse,
        "fin": fin,
        "maintenant": timezone.now(),
        "contact": settings.CONTACT,
        "agents": est_l_hote_des_agents(request),
    }
    reponse = HttpResponse(loader.get_template("erreurs/adresse_bloquee.html").render(contexte), status=403)
    if fin is not None:
        reponse["Retry-After"] = str(max(1, math.ceil((fin - timezone.now()).total_seconds())))
    return reponse


def erreur_serveur(request: HttpRequest) -> HttpResponse:
    """Answer 500."""
    return _sans_contexte("erreurs/500.html", 500)


def service_indisponible(request: HttpRequest) -> HttpResponse:
    """Answer 503: too busy, or stopped for maintenance."""
    reponse = _sans_contexte("erreurs/503.html", 503)
    reponse["Retry-After"] = "120"
    return reponse


def corps_trop_long(request: HttpRequest) -> HttpResponse:
    """Answer 413, the body unread."""
    return _sans_contexte("erreurs/413.html", 413)


def corps_refuse(request: HttpRequest) -> HttpResponse:
    """Answer 415 to a multipart body on a page that takes no file, the body unread."""
    return _sans_contexte("erreurs/415.html", 415)
