"""The traces of reading: the one thing, beside the session's last use, that a GET may leave (R24, CNIL 2021-122)."""

import hashlib
import json
from typing import Any

import structlog
from django.db import DatabaseError, transaction
from django.http import HttpRequest
from django.utils import timezone

from ..models import Agent, TraceLecture
from .journal import auteur_de
from .requete import adresse_ip, compte_connecte

log = structlog.get_logger("espacepro.traces")
ANONYME = "anonyme"
_EN_TETES_DE_PREPARATION = ("Sec-Purpose", "Purpose", "X-Moz")


class LectureNonTracee(Exception):
    """An agent's reading could not be traced: the page must not be shown."""


def lire(request: HttpRequest, nature: TraceLecture.Nature, objet: str, *, cle: str = "", **details: Any) -> None:
    """Note that who asks for this page reads `objet` (a model's label or a page's name); `ecrire` does the rest.

    `details` hold JSON values without personal data. Without a `cle`, an imprint of the details tells readings apart.
    """
    if not cle and details:
        cle = hashlib.sha256(json.dumps(details, sort_keys=True).encode()).hexdigest()[:16]
    notees: list[TraceLecture] = request.__dict__.setdefault("_lectures", [])
    notees.append(TraceLecture(nature=nature, objet=objet, cle=cle[:80], details=details))


def ecrire(request: HttpRequest) -> None:
    """Write what `lire` noted during this request: insert only, once per reader, thing and minute, in its own transaction.

    A page that a browser prepares before anybody asks for it is no reading: nothing is written, and it is not shown (the
    browser asks again when it is wanted), or a header would be enough to read without a trace. Where writing fails, a
    usager's page goes on (and the log says so). Raises LectureNonTracee when the page must not be shown.
    """
    notees: list[TraceLecture] = request.__dict__.pop("_lectures", [])
    if not notees:
        return
    compte = compte_connecte(request)
    agent: Agent | None = getattr(compte, "agent", None)
    if _prepare(request):
        raise LectureNonTracee
    for trace in notees:
        trace.minute = timezone.now().replace(second=0, microsecond=0)
        trace.lecteur = auteur_de(agent or compte) if compte else ANONYME
        trace.bureau = agent.service_gestionnaire.code if agent and agent.service_gestionnaire else ""
        trace.adresse_ip = adresse_ip(request)
    try:
        with transaction.atomic():
            TraceLecture.objects.bulk_create(notees, ignore_conflicts=True)
    except DatabaseError as erreur:
        log.exception("trace_de_lecture_impossible")
        if agent:
            raise LectureNonTracee from erreur


def _prepare(request: HttpRequest) -> bool:
    return request.method in {"GET", "HEAD"} and any(
        "pre" in request.headers.get(nom, "").lower() for nom in _EN_TETES_DE_PREPARATION
    )
