"""What stands before the agents' pages: their networks, and their own host name with cookies of its own (issue 14, item 6)."""

import ipaddress
import re
from collections.abc import Callable, Sequence
from http.cookies import Morsel
from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Info
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from structlog import get_logger

from accounts.portes.agents import d_un_reseau_d_agents, est_l_hote_des_agents

from ..acces import TABLE, Acces
from ..views.erreurs import refuser

log = get_logger(__name__)
HOTE: Final = "__Host-"
MARQUE: Final = "gestion-"
NULLE_PART: Final = "/introuvable/"


class PorteAgentsMiddleware:
    """Keeps the agents' pages and the portal apart where they have a host name each, and refuses other networks (403).

    By the agents' host name every cookie bears a mark of its own in the browser: a session of the portal is none there.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.gestion = reverse("admin:index")
        self.des_deux = {nom for nom, porte in TABLE.items() if porte.qui is Acces.RESSOURCE} | {
            "prolonger_session",
            "verifier_humain",
        }

    def __call__(self, request: HttpRequest) -> HttpResponse:
        chez_les_agents = est_l_hote_des_agents(request)
        vers_la_gestion = f"{request.path_info.rstrip('/')}/".startswith(self.gestion)
        if settings.ADMIN_HOST and chez_les_agents != vers_la_gestion and not self._des_deux(request):
            if chez_les_agents and request.path_info == "/":
                return redirect(self.gestion)
            request.path_info = NULLE_PART
            vers_la_gestion = False
        if (vers_la_gestion or chez_les_agents) and not d_un_reseau_d_agents(request):
            log.warning("agents_hors_reseau")
            return refuser(request, "erreurs/403_reseau.html", 403)
        if not chez_les_agents:
            return self.get_response(request)
        request.COOKIES = {_nu(nom): valeur for nom, valeur in request.COOKIES.items() if _est_marque(nom)}
        reponse = self.get_response(request)
        _marquer_les_temoins(reponse)
        return reponse

    def _des_deux(self, request: HttpRequest) -> bool:
        return request.path_info in {reverse(nom) for nom in self.des_deux}


def marquer(nom: str) -> str:
    """Return the name that a cookie bears in the browser, by the agents' host name."""
    return HOTE + MARQUE + nom.removeprefix(HOTE) if nom.startswith(HOTE) else MARQUE + nom


def _est_marque(nom: str) -> bool:
    return nom.removeprefix(HOTE).startswith(MARQUE)


def _nu(nom: str) -> str:
    return (HOTE if nom.startswith(HOTE) else "") + nom.removeprefix(HOTE).removeprefix(MARQUE)


def _marquer_les_temoins(reponse: HttpResponse) -> None:
    for nom, morceau in list(reponse.cookies.items()):
        del reponse.cookies[nom]
        marque: Morsel[Any] = Morsel()
        marque.update(morceau)
        marque.set(marquer(nom), morceau.value, morceau.coded_value)
        dict.__setitem__(reponse.cookies, marque.key, marque)


def verifier_les_reseaux(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:
    """Check the networks and the host name of the agents (system check)."""
    fautes: list[CheckMessage] = []
    for declare in settings.RESEAUX_AGENTS:
        try:
            ipaddress.ip_network(declare)
        except ValueError as erreur:
            fautes.append(
                Error(
                    f"RESEAUX_AGENTS : {declare!r} n’est pas un réseau ({erreur}).",
                    hint="Des réseaux séparés par des virgules, sans bits d’hôte : 10.12.0.0/16, 2001:db8:12::/48.",
                    id="espacepro.E010",
                )
            )
    if settings.PRODUCTION and not settings.RESEAUX_AGENTS:
        fautes.append(Info("RESEAUX_AGENTS est vide : les agents se connectent de tout réseau.", id="espacepro.I010"))
    hote = settings.ADMIN_HOST
    if hote and not re.fullmatch(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?", hote):
        fautes.append(
            Error(
                f"ADMIN_HOST : {hote!r} n’est pas un nom d’hôte.",
                hint="Le nom seul, sans https:// ni port : gestion.example.org.",
                id="espacepro.E011",
            )
        )
    elif hote and hote == urlsplit(settings.SITE_URL).hostname:
        fautes.append(
            Error("ADMIN_HOST est l’hôte de SITE_URL : les usagers ne trouveraient plus rien.", id="espacepro.E012")
        )
    return fautes
