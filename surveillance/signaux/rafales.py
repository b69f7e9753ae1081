"""Bursts: more companies, pages or files a minute than an accountant opens at a deadline, and who opens all of them (R15).

Counted in Redis, after the page is made: no query of the database but when a threshold is crossed. Redis away, nothing is seen
and nothing fails.
"""

import time
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any, Final, cast

import redis
import structlog
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.db import DatabaseError
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from accounts.models import Compte, Evenement, NavigateurConnu, Session
from accounts.models.sessions_base import empreinte
from accounts.traces.journal import auteur_de
from accounts.traces.requete import compte_connecte

from .registre import LECTEUR_METHODIQUE, RAFALE_EXPORTS, RAFALE_PAGES, RAFALE_SIREN
from .signalement import signaler

PAGES_PAR_MINUTE: Final = 150
SIREN_PAR_MINUTE: Final = 40
FICHIERS_PAR_MINUTE: Final = 15
SIREN_METHODIQUES: Final = 40
APPAREIL_NEUF: Final = timedelta(days=1)
MEMOIRE_DES_MINUTES: Final = 120  # seconds
MEMOIRE_DU_JOUR: Final = 26 * 3600
ATTENTE_DE_REDIS: Final = 0.1  # seconds
SILENCE_DE_REDIS: Final = 30.0
log = structlog.get_logger("espacepro.signaux")


@dataclass
class _Muet:
    """Until when (monotonic clock) this process asks Redis nothing, once it did not answer."""

    jusqu_a: float = 0.0


_muet = _Muet()


@cache
def _client(adresse: str) -> "redis.Redis":
    return redis.Redis.from_url(
        adresse,
        socket_timeout=ATTENTE_DE_REDIS,
        socket_connect_timeout=ATTENTE_DE_REDIS,
        retry=Retry(NoBackoff(), 0),
    )


def compter(request: HttpRequest, reponse: HttpResponseBase) -> None:
    """Count this page of a signed-in usager, and signal the burst whose threshold it crosses."""
    compte = compte_connecte(request) if SESSION_KEY in request.session else None
    if compte is None or compte.is_staff or time.monotonic() < _muet.jusqu_a:
        return
    siren = (request.resolver_match.kwargs if request.resolver_match is not None else {}).get("siren", "")
    fichier = reponse.headers.get("Content-Disposition", "").startswith("attachment")
    try:
        vues = _compter(compte, str(siren) if reponse.status_code == 200 else "", fichier=fichier)
    except (RedisError, OSError) as erreur:
        _muet.jusqu_a = time.monotonic() + SILENCE_DE_REDIS
        log.warning("rafales_non_comptees", erreur=type(erreur).__name__)
        return
    if not vues:
        return
    try:
        _signaler(request, compte, vues)
    except DatabaseError as erreur:  # the page is made: it goes on
        log.exception("rafale_non_signalee", genres=sorted(vues), erreur=type(erreur).__name__)


def _compter(compte: Compte, siren: str, *, fichier: bool) -> dict[str, dict[str, Any]]:
    """Count one page in one round trip; return the kinds whose threshold it has just reached, each only once a minute."""
    minute = int(time.time() // 60)
    cle, du_jour = f"espacepro:rafale:{compte.pk}:{minute}", f"espacepro:lus:{compte.pk}:{minute // 1440}"
    envoi = _client(settings.CACHES["default"]["LOCATION"]).pipeline(transaction=False)
    envoi.incr(f"{cle}:pages")
    envoi.expire(f"{cle}:pages", MEMOIRE_DES_MINUTES)
    if fichier:
        envoi.incr(f"{cle}:fichiers")
        envoi.expire(f"{cle}:fichiers", MEMOIRE_DES_MINUTES)
    if siren:
        for ensemble, duree in ((f"{cle}:siren", MEMOIRE_DES_MINUTES), (du_jour, MEMOIRE_DU_JOUR)):
            envoi.sadd(ensemble, siren)
            envoi.scard(ensemble)
            envoi.expire(ensemble, duree)
    rendus = iter(cast("list[int]", envoi.execute()))
    vues: dict[str, dict[str, Any]] = {}
    if next(rendus) == PAGES_PAR_MINUTE:
        vues[RAFALE_PAGES] = {"pages": PAGES_PAR_MINUTE}
    next(rendus)
    if fichier:
        if next(rendus) == FICHIERS_PAR_MINUTE:
            vues[RAFALE_EXPORTS] = {"fichiers": FICHIERS_PAR_MINUTE}
        next(rendus)
    if siren:
        for genre, seuil in ((RAFALE_SIREN, SIREN_PAR_MINUTE), (LECTEUR_METHODIQUE, SIREN_METHODIQUES)):
            nouveau, combien, _ = next(rendus), next(rendus), next(rendus)
            if nouveau and combien == seuil:
                vues[genre] = {"entreprises": seuil}
    return vues


def _signaler(request: HttpRequest, compte: Compte, vues: dict[str, dict[str, Any]]) -> None:
    for genre, details in vues.items():
        if genre != LECTEUR_METHODIQUE or _lit_sans_rien_faire(compte, request.session.session_key or ""):
            signaler(compte=compte, genre=genre, session=request.session, details=details)


def _lit_sans_rien_faire(compte: Compte, cle: str) -> bool:
    """Whether this session is of a browser that the account has known for less than a day, beside older ones, and has done nothing."""
    session = Session.objects.filter(session_key=empreinte(cle)).first()
    if session is None:
        return False
    maintenant = timezone.now()
    dates = list(NavigateurConnu.objects.filter(compte=compte).values_list("connu_depuis", "navigateur", "systeme"))
    neufs = [date for date, nom, systeme in dates if (nom, systeme) == (session.navigateur, session.systeme)]
    if not neufs or min(neufs) < maintenant - APPAREIL_NEUF or min(date for date, *_ in dates) >= min(neufs):
        return False
    return not Evenement.objects.filter(auteur=auteur_de(compte), quand__gt=session.ouverte_le).exists()
