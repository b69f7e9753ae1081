"""The traces of reading: the one thing, beside the session's last use, that a GET may leave (R24, CNIL 2021-122)."""

import hashlib
import json
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import DatabaseError, connection, transaction
from django.db.models import Max
from django.http import HttpRequest
from django.utils import timezone

from ..models import Agent, TraceLecture
from ..saisies.regles import RegleMetier
from .journal import auteur_de
from .requete import adresse_ip, compte_connecte, faite_par_une_autre_origine, menee_par_un_autre_site

log = structlog.get_logger("espacepro.traces")
ANONYME = "anonyme"
_EN_TETES_DE_PREPARATION = ("Sec-Purpose", "Purpose", "X-Moz")


Plafonds = Sequence[tuple[timedelta, int]]
"""How many different things one reader may be told of, in each of these durations."""


class LectureNonTracee(Exception):
    """A reading could not be traced: the page must not be shown."""


class LectureDAilleurs(Exception):
    """Another origin leads its reader to a page that counts what it tells him: nothing is told nor counted until he opens it from here."""


class TropDeLectures(RegleMetier):
    code = "trop_de_consultations"
    statut = 429
    message = (
        "Vous avez consulté beaucoup d’entreprises pour lesquelles vous n’avez pas d’habilitation. Celles que vous avez déjà "
        "consultées aujourd’hui, et celles pour lesquelles vous avez une habilitation ou une demande en cours, restent "
        "ouvertes ; pour les autres, attendez demain."
    )


def lire(request: HttpRequest, nature: TraceLecture.Nature, objet: str, *, cle: str = "", **details: Any) -> None:
    """Note that who asks for this page reads `objet` (a model's label or a page's name); `ecrire` does the rest.

    `details` hold JSON values without personal data. Without a `cle`, an imprint of the details tells readings apart.
    """
    if not cle and details:
        cle = hashlib.sha256(json.dumps(details, sort_keys=True).encode()).hexdigest()[:16]
    notees: list[TraceLecture] = request.__dict__.setdefault("_lectures", [])
    notees.append(TraceLecture(nature=nature, objet=objet, cle=cle[:80], details=details))


def lire_usage(request: HttpRequest, objet: str, hors_usage: str, *, cle: str, **details: Any) -> None:
    """Note that who asks for this page uses what it shows: a trace of `objet`, by which he is held to it.

    Where another site led him there it is a trace of `hors_usage`, a reading and no more: a use is the person's own.
    """
    d_ici = not menee_par_un_autre_site(request)
    lire(request, TraceLecture.Nature.CONSULTATION, objet if d_ici else hors_usage, cle=cle, **details)


def noter_la_suite(request: HttpRequest, suite: Callable[[], None]) -> None:
    """Have this trace of reading that another floor keeps (a read receipt) written with ours; `ecrire` does the rest.

    Nothing is kept where another site led to this page: a receipt says of a person that he has read, and is his own doing.
    """
    if menee_par_un_autre_site(request):
        return
    request.__dict__.setdefault("_lectures_suites", []).append(suite)


def partager_les_lectures(request: HttpRequest) -> None:
    """Let what a copy of this request reads be noted with what the request itself reads. Before the copy is made."""
    request.__dict__.setdefault("_lectures", [])
    request.__dict__.setdefault("_lectures_suites", [])
    request.__dict__.setdefault("_lectures_comptees", {})


def lire_comptees(request: HttpRequest, objet: str, cles: Collection[str], plafonds: Plafonds) -> None:
    """Note that who is signed in is told of each of these things, and count it: the traces are the count.

    One thing is counted once in each duration. What is refused is neither traced nor counted. A POST is traced at once,
    before it does anything; a GET when its page is made, where `ecrire` counts again under a lock: pages asked for together
    pass no limit together. Raises: TropDeLectures, nothing being noted; LectureDAilleurs, nor anything that was noted before.
    """
    if not cles:
        return
    if request.method != "POST" and faite_par_une_autre_origine(request):  # such a POST is refused before any view
        for notees in ("_lectures", "_lectures_comptees", "_lectures_suites"):
            request.__dict__.get(notees, []).clear()
        raise LectureDAilleurs
    _exiger_sous_plafonds(_lecteur(request), objet, cles, plafonds)
    for cle in cles:
        lire(request, TraceLecture.Nature.CONSULTATION, objet, cle=cle)
    request.__dict__.setdefault("_lectures_comptees", {})[objet] = plafonds
    if request.method == "POST":
        ecrire(request)


def _exiger_sous_plafonds(lecteur: str, objet: str, cles: Collection[str], plafonds: Plafonds) -> None:
    """Raises: TropDeLectures. One query."""
    maintenant = timezone.now()
    derniers: dict[str, datetime] = dict(
        TraceLecture.objects.filter(
            lecteur=lecteur, objet=objet, minute__gt=maintenant - max(duree for duree, _ in plafonds)
        )
        .order_by()
        .values("cle")
        .annotate(dernier=Max("minute"))
        .values_list("cle", "dernier")
    )
    for duree, limite in plafonds:
        lues = {cle for cle, dernier in derniers.items() if dernier > maintenant - duree}
        if not lues.issuperset(cles) and len(lues.union(cles)) > limite:
            raise TropDeLectures


def _lecteur(request: HttpRequest) -> str:
    """Return how the traces name who asks."""
    compte = compte_connecte(request)
    agent: Agent | None = getattr(compte, "agent", None)
    return auteur_de(agent or compte) if compte else ANONYME


def ecrire(request: HttpRequest) -> None:
    """Write what `lire` noted during this request: insert only, once per reader, thing and minute, in its own transaction.

    A page that a browser prepares before anybody asks for it is no reading: nothing is written, and it is not shown (the
    browser asks again when it is wanted), or a header would be enough to read without a trace. Where writing fails, a
    usager's page goes on (and the log says so), but where its readings are counted. Raises LectureNonTracee when the page
    must not be shown, TropDeLectures when it is one too many.
    """
    notees: list[TraceLecture] = request.__dict__.pop("_lectures", [])
    comptees: dict[str, Plafonds] = request.__dict__.pop("_lectures_comptees", {})
    suites: list[Callable[[], None]] = request.__dict__.pop("_lectures_suites", [])
    if not notees and not suites:
        return
    if _prepare(request):
        raise LectureNonTracee
    compte = compte_connecte(request)
    agent: Agent | None = getattr(compte, "agent", None) if notees else None  # receipts are the usagers'
    for trace in notees:
        trace.minute = timezone.now().replace(second=0, microsecond=0)
        trace.lecteur = _lecteur(request)
        trace.bureau = agent.service_gestionnaire.code if agent and agent.service_gestionnaire else ""
        trace.adresse_ip = adresse_ip(request)
    try:
        with transaction.atomic():
            for objet, plafonds in comptees.items():
                _verrouiller(_lecteur(request), objet)
                cles = {trace.cle for trace in notees if trace.objet == objet}
                _exiger_sous_plafonds(_lecteur(request), objet, cles, plafonds)
            TraceLecture.objects.bulk_create(notees, ignore_conflicts=True)
            for suite in suites:
                suite()
    except DatabaseError as erreur:
        log.exception("trace_de_lecture_impossible")
        if agent or comptees:
            raise LectureNonTracee from erreur


def _verrouiller(lecteur: str, objet: str) -> None:
    """Let one page of this reader be counted at a time, until the transaction ends."""
    with connection.cursor() as curseur:
        curseur.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 1))", [f"{lecteur}|{objet}"])


def _prepare(request: HttpRequest) -> bool:
    return request.method in {"GET", "HEAD"} and any(
        "pre" in request.headers.get(nom, "").lower() for nom in _EN_TETES_DE_PREPARATION
    )
