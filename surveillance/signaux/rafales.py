"""Bursts: more companies, pages or files a minute than an accountant opens at a deadline, and who opens all of them (R15).

Counted in Redis, after the page is made: no query of the database but when a threshold is crossed. Redis away, nothing is seen
and nothing fails.
"""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import structlog
from django.contrib.auth import SESSION_KEY
from django.db import DatabaseError
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone

from accounts.models import Compte, Evenement, NavigateurConnu, Session
from accounts.models.sessions_base import empreinte
from accounts.traces.journal import auteur_de
from accounts.traces.requete import compte_connecte

from ..ailleurs import est_une_navigation_d_ailleurs
from ..memoire import cle, demander
from .registre import LECTEUR_METHODIQUE, RAFALE_EXPORTS, RAFALE_PAGES, RAFALE_SIREN
from .seuils import FICHIERS_PAR_MINUTE, PAGES_PAR_MINUTE, SIREN_METHODIQUES, SIREN_PAR_MINUTE
from .signalement import signaler

APPAREIL_NEUF: Final = timedelta(days=1)
MEMOIRE_DES_MINUTES: Final = 120  # seconds
MEMOIRE_DU_JOUR: Final = 26 * 3600
horloge: Callable[[], float] = time.time
log = structlog.get_logger("espacepro.signaux")


def compter(request: HttpRequest, reponse: HttpResponseBase) -> None:
    """Count this page of a signed-in usager, and signal the burst whose threshold it crosses.

    Not what another site has his browser ask: he would be accused, and his espace disabled, by whoever has him open a page. Who writes
    this header himself is served few (`automates.grades.AILLEURS_PAR_JOUR`), fewer than any burst, and no file.
    """
    if est_une_navigation_d_ailleurs(request):
        return
    compte = compte_connecte(request) if SESSION_KEY in request.session else None
    if compte is None or compte.is_staff:
        return
    siren = (request.resolver_match.kwargs if request.resolver_match is not None else {}).get("siren", "")
    fichier = reponse.headers.get("Content-Disposition", "").startswith("attachment")
    vues = _compter(compte, str(siren) if reponse.status_code == 200 else "", fichier=fichier)
    if not vues:
        return
    try:
        _signaler(request, compte, vues)
    except DatabaseError as erreur:  # the page is made: it goes on
        log.exception("rafale_non_signalee", genres=sorted(vues), erreur=type(erreur).__name__)


def _compter(compte: Compte, siren: str, *, fichier: bool) -> dict[str, dict[str, Any]]:
    """Count one page; return the kinds whose threshold it has just reached, each only once a minute: none without Redis."""
    minute, lui = int(horloge() // 60), str(compte.pk)
    de_la_minute, du_jour = f"espacepro:{cle('rafale', lui)}:{minute}", f"espacepro:{cle('lus', lui)}:{minute // 1440}"
    compteurs = ["pages", "fichiers"] if fichier else ["pages"]
    ensembles = [(f"{de_la_minute}:siren", MEMOIRE_DES_MINUTES), (du_jour, MEMOIRE_DU_JOUR)] if siren else []

    def commandes(envoi: Any) -> None:
        for nom in compteurs:
            envoi.incr(f"{de_la_minute}:{nom}")
            envoi.expire(f"{de_la_minute}:{nom}", MEMOIRE_DES_MINUTES)
        for ensemble, duree in ensembles:
            envoi.sadd(ensemble, cle("siren", siren))
            envoi.scard(ensemble)
            envoi.expire(ensemble, duree)

    reponses = demander(commandes)
    if reponses is None:
        return {}
    rendus = iter(reponses)
    vues: dict[str, dict[str, Any]] = {}
    for nom in compteurs:
        combien, _ = next(rendus), next(rendus)
        genre, seuil = (RAFALE_PAGES, PAGES_PAR_MINUTE) if nom == "pages" else (RAFALE_EXPORTS, FICHIERS_PAR_MINUTE)
        if combien == seuil:
            vues[genre] = {nom: seuil}
    for genre, seuil in ((RAFALE_SIREN, SIREN_PAR_MINUTE), (LECTEUR_METHODIQUE, SIREN_METHODIQUES))[: len(ensembles)]:
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
