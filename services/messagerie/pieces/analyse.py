"""The scan of what waits, and the message that waits for it: it goes by itself once its last file has an answer (CGU §4.e).

A file is taken for a minute (`essai_le`), so that two workers do not scan the same, one that gives no answer comes after the
others, and a daemon that died loses nothing. One that is silent is waited for once a minute, the time of a connection, and the
scan has a queue of its own (espacepro/taches.py), one sweep at a time. No row is locked while it is scanned. A file that the daemon,
which answers for the others, says nothing of for a day is set aside as unreadable: its message goes, and its author is told.
"""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Final

import structlog
from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone
from redis.exceptions import RedisError

from accounts.envois.courriels import deposer
from accounts.envois.un_a_un import chacun
from accounts.traces.journal import consigner

from ... import actes
from ...models import Echange, Message, PieceJointe
from ..remise import remettre
from . import antivirus
from .antivirus import AntivirusInjoignable, SansVerdict
from .chiffrement import PieceIllisible
from .contenu import lire

BAIL: Final = timedelta(minutes=1)
SANS_VERDICT: Final = timedelta(days=1)
"""How long a file may be tried without a verdict before it is set aside."""
PIECES_PAR_LOT: Final = 20
BALAYAGE: Final = "balayage_des_pieces"
"""The mark, in Redis, of the sweep that runs: it dies with the longest that a task may last."""
LOTS_LUS: Final = 50
"""How many batches are read to find one that goes: those that fail stand before, the oldest first."""
ACTEUR: Final = "systeme:analyser_pieces"
log = structlog.get_logger(__name__)


def analyser_pieces(*, acteur: str = ACTEUR, nombre: int = PIECES_PAR_LOT, maintenant: datetime | None = None) -> int:
    """Give an answer to at most so many files that wait, the longest waiting first, and let go the messages that waited for them.

    Where nothing is scanned they are said not to be; where it is, what was not scanned before is scanned now. Return how many
    files got an answer and messages left.
    """
    maintenant = maintenant or timezone.now()
    if antivirus.actif():
        _reprendre(nombre)
        faites = _analyser_lot(acteur, nombre, maintenant)
    else:
        faites = _sans_analyse(nombre, maintenant)
    return faites + remettre_les_prets(nombre=nombre)


def analyser_piece(*, acteur: str = ACTEUR, cle: uuid.UUID) -> bool:
    """Scan this file as soon as it is joined, if it waits; return whether it got an answer. What fails waits for the sweep."""
    if not antivirus.actif() or not antivirus.repond():
        return False
    maintenant = timezone.now()
    piece = _prendre(maintenant, cle)
    if piece is None:
        return False
    try:
        if not _analyser(acteur, piece, maintenant):
            return False
    except AntivirusInjoignable as erreur:
        log.warning("antivirus_injoignable", erreur=str(erreur))
        return False
    remettre_les_prets()
    return True


def _analyser_lot(acteur: str, nombre: int, maintenant: datetime) -> int:
    """Scan at most so many files; return how many got an answer. None while another sweep runs; stops when the daemon is silent."""
    faites = 0
    with _seul_balayage() as seul:
        if not seul or not _attendent(maintenant).exists() or not antivirus.repond():
            return 0
        for _ in range(nombre):
            piece = _prendre(maintenant)
            if piece is None:
                break
            try:
                faites += _analyser(acteur, piece, maintenant)
            except AntivirusInjoignable as erreur:
                log.warning("antivirus_injoignable", erreur=str(erreur))
                break
    return faites


@contextmanager
def _seul_balayage() -> Iterator[bool]:
    """Hold the right to sweep, where no other sweep has it; yields whether it is held.

    In Redis: a lock of PostgreSQL's session would stay behind a pool of connections. Without Redis each sweeps.
    """
    try:
        seul = cache.add(BALAYAGE, 1, settings.CELERY_TASK_TIME_LIMIT)
    except (RedisError, OSError):
        yield True
        return
    try:
        yield seul
    finally:
        if seul:
            with suppress(RedisError, OSError):
                cache.delete(BALAYAGE)


def _attendent(maintenant: datetime) -> QuerySet[PieceJointe]:
    libres = Q(essai_le=None) | Q(essai_le__lt=maintenant - BAIL)
    return PieceJointe.objects.filter(libres, analyse=PieceJointe.Analyse.A_FAIRE)


@transaction.atomic
def _prendre(maintenant: datetime, cle: uuid.UUID | None = None) -> PieceJointe | None:
    """Take for a minute this file, by default the one that waits longest for its try; None when it does not wait."""
    libres = _attendent(maintenant)
    piece = (
        (libres if cle is None else libres.filter(pk=cle))
        .select_for_update(no_key=True, skip_locked=True)
        .order_by(F("essai_le").asc(nulls_first=True), "posee_le", "pk")
        .first()
    )
    if piece is not None:
        PieceJointe.objects.filter(pk=piece.pk).update(essai_le=maintenant)
    return piece


def _analyser(acteur: str, piece: PieceJointe, maintenant: datetime) -> bool:
    """Scan this file and keep the answer; return whether it has one. Raises: AntivirusInjoignable."""
    try:
        signature = antivirus.analyser(lire(piece))
    except (SansVerdict, PieceIllisible) as erreur:
        log.error("piece_sans_verdict", piece=str(piece.pk), erreur=f"{type(erreur).__name__}: {erreur}")  # noqa: TRY400
        return _rester_sans_verdict(acteur, piece, maintenant)
    except AntivirusInjoignable:
        # The daemon that is there before and after is stopped by this very file.
        if antivirus.repond() and _rester_sans_verdict(acteur, piece, maintenant):
            return True
        raise
    _repondre(acteur, piece, PieceJointe.Analyse.QUARANTAINE if signature else PieceJointe.Analyse.SAINE, signature)
    return True


def _rester_sans_verdict(acteur: str, piece: PieceJointe, maintenant: datetime) -> bool:
    """Note since when this file gets no verdict; set it aside once that is a day, and return whether it was."""
    if piece.muette_depuis is None:
        PieceJointe.objects.filter(pk=piece.pk, muette_depuis=None).update(muette_depuis=maintenant)
        return False
    if maintenant - piece.muette_depuis < SANS_VERDICT:
        return False
    _repondre(acteur, piece, PieceJointe.Analyse.ILLISIBLE)
    return True


@transaction.atomic
def _repondre(acteur: str, piece: PieceJointe, analyse: PieceJointe.Analyse, signature: str = "") -> None:
    """Keep the answer that this file got, and tell of one that is set aside."""
    fraiche = (
        PieceJointe.objects.select_for_update(no_key=True, of=("self",))
        .select_related(
            "message__echange__personne",
            "message__espace__compte",
            "message__agent__compte",
            "brouillon__personne",
            "brouillon__echange",
            "brouillon__espace__compte",
            "brouillon__agent__compte",
        )
        .filter(pk=piece.pk, analyse=PieceJointe.Analyse.A_FAIRE)
        .first()
    )
    if fraiche is None:  # taken off, or answered meanwhile
        return
    fraiche.analyse = analyse
    fraiche.analysee_le = timezone.now()
    fraiche.save(update_fields=["analyse", "analysee_le"])
    if analyse in PieceJointe.ECARTEES:
        _dire_qu_elle_est_ecartee(acteur, fraiche, signature)


def _dire_qu_elle_est_ecartee(acteur: str, piece: PieceJointe, signature: str) -> None:
    """Tell the author by mail and the administrators of the mailbox by the journal; the page of the exchange tells both sides."""
    porteur = piece.message or piece.brouillon
    if porteur is None:
        return
    auteur = porteur.espace
    echange = porteur.echange
    personne = porteur.echange.personne if isinstance(porteur, Message) else porteur.personne
    ou = {"echange": echange.reference} if echange is not None else {}
    if signature:
        consigner(
            actes.PIECE_ECARTEE,
            auteur=acteur,
            espace=auteur,
            siren=personne.siren,
            details={"signature": signature[:120]} | ou,
        )
    else:
        consigner(actes.PIECE_ILLISIBLE, auteur=acteur, espace=auteur, siren=personne.siren, details=ou)
    if porteur.agent is not None:
        deposer(
            "piece_ecartee_agent",
            destinataire=porteur.agent.compte.email,
            acte=f"piece:{piece.pk}",
            contexte={
                "prenom": porteur.agent.prenom,
                "nom": porteur.agent.nom,
                "reference": echange.reference if echange is not None else "",
                "envoye": piece.message_id is not None,
                "illisible": not signature,
            },
        )
    if auteur is not None and auteur.compte is not None:
        deposer(
            "piece_ecartee",
            destinataire=auteur.compte.email,
            acte=f"piece:{piece.pk}",
            espace=auteur,
            contexte={
                "denomination": personne.denomination,
                "envoye": piece.message_id is not None,
                "illisible": not signature,
            },
        )


def remettre_les_prets(*, nombre: int = PIECES_PAR_LOT) -> int:
    """Let the messages go that waited for a file and wait for none any more, at most so many; return how many.

    One that fails is logged and tried again by the next run: those behind it go.
    """
    attendent = PieceJointe.objects.filter(message=OuterRef("pk"), analyse=PieceJointe.Analyse.A_FAIRE)
    prets = (
        Message.objects.filter(~Exists(attendent), pret_le=None)
        .order_by("envoye_le", "pk")
        .values_list("pk", flat=True)
    )
    partis: list[uuid.UUID] = []

    def remettre_un(cle: uuid.UUID) -> int:
        if not _remettre(cle):
            return 0
        partis.append(cle)
        return 1

    candidats = list(prets[: nombre * LOTS_LUS])
    return chacun("message_pret", takewhile(lambda _: len(partis) < nombre, candidats), remettre_un)


@transaction.atomic
def _remettre(cle: uuid.UUID) -> bool:
    """Let this message go under the lock of its exchange; one that went, or waits again, stays as it is."""
    message = Message.objects.select_related("echange__personne").get(pk=cle)
    Echange.objects.select_for_update(no_key=True).get(pk=message.echange_id)
    message.refresh_from_db(fields=["pret_le"])
    if message.pret_le is not None:
        return False
    remettre(message)
    return True


def _reprendre(nombre: int) -> None:
    """What was kept while nothing was scanned waits for the scan like the rest, and is not served meanwhile."""
    PieceJointe.objects.filter(
        pk__in=PieceJointe.objects.filter(analyse=PieceJointe.Analyse.NON_ANALYSEE)
        .order_by("posee_le")
        .values("pk")[:nombre]
    ).update(analyse=PieceJointe.Analyse.A_FAIRE, analysee_le=None, essai_le=None, muette_depuis=None)


def _sans_analyse(nombre: int, maintenant: datetime) -> int:
    """Say of what waits that it is not scanned, since nothing is any more; return how many."""
    return PieceJointe.objects.filter(
        pk__in=PieceJointe.objects.filter(analyse=PieceJointe.Analyse.A_FAIRE)
        .order_by("posee_le")
        .values("pk")[:nombre]
    ).update(analyse=PieceJointe.Analyse.NON_ANALYSEE, analysee_le=maintenant)
