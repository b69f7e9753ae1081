"""The scan of what waits, and the message that waits for it: it goes by itself once its last file has an answer (CGU §4.e).

A file is taken for a minute (`essai_le`), so that two workers do not scan the same, one that gives no answer comes after the
others, and a daemon that died loses nothing. No lock is held while it is scanned.
"""

import uuid
from datetime import datetime, timedelta
from typing import Final

import structlog
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from accounts.traces.journal import consigner

from ... import actes
from ...models import Echange, Message, PieceJointe
from ..remise import remettre
from . import antivirus
from .antivirus import AntivirusInjoignable, SansVerdict
from .chiffrement import PieceIllisible
from .jointes import lire

BAIL: Final = timedelta(minutes=1)
PIECES_PAR_LOT: Final = 20
ACTEUR: Final = "systeme:analyser_pieces"
log = structlog.get_logger(__name__)


def analyser_pieces(*, acteur: str = ACTEUR, nombre: int = PIECES_PAR_LOT, maintenant: datetime | None = None) -> int:
    """Give an answer to at most so many files that wait, the longest waiting first; return to how many.

    Where nothing is scanned they are said not to be; where it is, what was not scanned before is scanned now.
    """
    maintenant = maintenant or timezone.now()
    if not antivirus.actif():
        return _sans_analyse(acteur, nombre, maintenant)
    _reprendre(nombre)
    if not _attendent(maintenant).exists():
        return 0
    if not antivirus.repond():
        log.warning("antivirus_injoignable")
        return 0
    faites = 0
    for _ in range(nombre):
        piece = _prendre(maintenant)
        if piece is None:
            break
        try:
            faites += _analyser(acteur, piece)
        except AntivirusInjoignable as erreur:
            log.warning("antivirus_injoignable", erreur=str(erreur))
            break
    return faites


def analyser_piece(*, cle: uuid.UUID, acteur: str = ACTEUR) -> bool:
    """Scan this file as soon as it is joined, if it waits; return whether it got an answer. What fails waits for the sweep."""
    if not antivirus.actif():
        return False
    with transaction.atomic():
        piece = _attendent(timezone.now()).select_for_update(no_key=True, skip_locked=True).filter(pk=cle).first()
        if piece is None:
            return False
        PieceJointe.objects.filter(pk=piece.pk).update(essai_le=timezone.now())
    try:
        return _analyser(acteur, piece)
    except AntivirusInjoignable as erreur:
        log.warning("antivirus_injoignable", erreur=str(erreur))
        return False


def _attendent(maintenant: datetime) -> "QuerySetPieces":
    libres = Q(essai_le=None) | Q(essai_le__lt=maintenant - BAIL)
    return PieceJointe.objects.filter(libres, analyse=PieceJointe.Analyse.A_FAIRE)


@transaction.atomic
def _prendre(maintenant: datetime) -> PieceJointe | None:
    """Take for a minute the file that waits longest for its try."""
    piece = (
        _attendent(maintenant)
        .select_for_update(no_key=True, skip_locked=True)
        .order_by(F("essai_le").asc(nulls_first=True), "posee_le", "pk")
        .first()
    )
    if piece is not None:
        PieceJointe.objects.filter(pk=piece.pk).update(essai_le=maintenant)
    return piece


def _analyser(acteur: str, piece: PieceJointe) -> bool:
    """Scan this file and keep the answer. Raises: AntivirusInjoignable."""
    try:
        signature = antivirus.analyser(lire(piece))
    except (SansVerdict, PieceIllisible) as erreur:
        log.error("piece_sans_verdict", piece=str(piece.pk), erreur=f"{type(erreur).__name__}: {erreur}")  # noqa: TRY400
        return False
    repondre(acteur=acteur, piece=piece, signature=signature)
    return True


@transaction.atomic
def repondre(*, acteur: str, piece: PieceJointe, signature: str) -> None:
    """Keep what the scan said, tell of a quarantine, and let the message go that waited for its last file."""
    maintenant = timezone.now()
    message = _verrouiller_le_message(piece)
    fraiche = PieceJointe.objects.select_for_update(no_key=True).filter(pk=piece.pk, analyse=piece.analyse).first()
    if fraiche is None:  # taken off, or answered meanwhile
        return
    fraiche.analyse = PieceJointe.Analyse.QUARANTAINE if signature else PieceJointe.Analyse.SAINE
    fraiche.analysee_le = maintenant
    fraiche.save(update_fields=["analyse", "analysee_le"])
    if signature:
        _mettre_en_quarantaine(acteur, fraiche, signature)
    if message is not None:
        _laisser_partir(message, maintenant)


def _verrouiller_le_message(piece: PieceJointe) -> Message | None:
    """Lock the exchange of the message of this file, before the file (order of the locks); None while it is a draft's."""
    message = Message.objects.select_related("echange__personne").filter(pieces_jointes=piece.pk).first()
    if message is not None:
        Echange.objects.select_for_update(no_key=True).get(pk=message.echange_id)
        message.refresh_from_db(fields=["pret_le"])
    return message
