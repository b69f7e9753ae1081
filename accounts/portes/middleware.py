"""What a session may do: idle limit, espace required, renewal."""

import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django.template import loader
from django.urls import reverse
from structlog.contextvars import bind_contextvars

from ..compteurs.debit import attendre_le_palier, essai_de
from ..documents.typst import CompositionOccupee
from ..facteurs.second_facteur import facteur_prouve
from ..models.sessions_base import DERNIERE_ACTIVITE, OUVERTE, PROVENANCE
from ..mots_de_passe.politique import renouvellement_du
from ..mots_de_passe.saturation import HachageSature
from ..sessions.appareils import decrire
from ..sessions.ouvertures import poser_le_temoin, retenir_le_navigateur
from ..traces.requete import adresse_ip, compte_connecte
from .ouvertes import Du, est_ouverte
from .saisie import CHAMP, annoncer, garder_saisie, page_du_formulaire


class SessionMiddleware:
    """Ends a session idle for 30 minutes, or older than 10 hours (design.md §8). Runs after authentication."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            bind_contextvars(user_id=str(request.user.pk))
            maintenant = int(time.time())
            session = request.session
            ouverte = session.get(OUVERTE, maintenant)
            derniere = session.get(DERNIERE_ACTIVITE, maintenant)
            trop_vieille = maintenant - ouverte > settings.SESSION_COOKIE_AGE
            if trop_vieille or maintenant - derniere > settings.SESSION_INACTIVITE.total_seconds():
                logout(request)
                if request.method not in {"GET", "HEAD"}:
                    return _refuser(request)
                messages.info(request, "Votre session a pris fin. Connectez-vous de nouveau pour continuer.")
                # A page that was asked for is asked again after the sign-in, where LoginRequiredMiddleware sends.
                return self.get_response(request)
            session.setdefault(OUVERTE, maintenant)
            if maintenant - session.get(DERNIERE_ACTIVITE, 0) >= 60:
                session[DERNIERE_ACTIVITE] = maintenant
                if session.get(PROVENANCE, {}).get("adresse_ip") != adresse_ip(request):
                    session[PROVENANCE] = decrire(request).en_dict()
        reponse = self.get_response(request)
        _retenir_le_navigateur(request, reponse)
        return reponse


def _refuser(request: HttpRequest) -> HttpResponse:
    """Send what was posted too late to the sign-in, and from there to what was kept of it, or to the page of the form."""
    porte = resolve_url("admin:login" if request.path.startswith(reverse("admin:index")) else settings.LOGIN_URL)
    suite = annoncer(request, gardee=garder_saisie(request))
    if suite:
        return redirect_to_login(suite, porte)
    page = page_du_formulaire(request)
    return redirect_to_login(page, porte) if page else redirect(porte)


def _retenir_le_navigateur(request: HttpRequest, reponse: HttpResponse) -> None:
    """After a whole sign-in (an agent's ends with the second factor), the browser becomes one that the account knows."""
    compte = compte_connecte(request)
    if request.method != "POST" or compte is None:
        return
    if not compte.is_staff or facteur_prouve(request) is not None:
        retenir_le_navigateur(request, compte)
    poser_le_temoin(request, reponse)


class SaisieMiddleware:
    """Keeps what is posted to a page that asks a session, by a browser that has none any more.

    Runs before LoginRequiredMiddleware, which would send to the sign-in and drop it; SessionMiddleware ends the others.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, vue: Callable[..., Any], *_: Any) -> HttpResponse | None:
        """Send to the sign-in, and from there to what was kept."""
        if request.method != "POST" or request.user.is_authenticated or not getattr(vue, "login_required", True):
            return None
        return _refuser(request) if CHAMP in request.POST else None


class EssaisMiddleware:
    """Around every form that asks a password: the same time for every refusal; and 503 when too many are being checked, or too many documents composed."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        reponse = self.get_response(request)
        essai = essai_de(request)
        if essai is not None and essai.manque:
            attendre_le_palier(essai)
        return reponse

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer 503 to whoever waited in vain for a place."""
        if isinstance(exception, HachageSature):
            gabarit = "erreurs/503.html"
        elif isinstance(exception, CompositionOccupee):
            gabarit = "erreurs/composition_occupee.html"
        else:
            return None
        reponse = HttpResponse(loader.get_template(gabarit).render(), status=503)
        reponse["Retry-After"] = "10"
        return reponse


class RenouvellementMiddleware:
    """Leaves only the renewal page and the way out open while the password must be renewed (CGU §3.2.c, R3).

    For usagers; the agents' door has its own step; the access table says what stays open (`Du.MOT_DE_PASSE`). Runs after SessionMiddleware.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_: Any) -> HttpResponse | None:
        """Send every other page to the renewal."""
        compte = compte_connecte(request)
        if compte is None or compte.is_staff or not renouvellement_du(compte):
            return None
        espace = getattr(compte, "espace", None)
        if espace is None or not espace.est_actif:  # waits for its code: that page comes first
            return None
        if est_ouverte(request, Du.MOT_DE_PASSE):
            return None
        return redirect("renouveler_mot_de_passe")
