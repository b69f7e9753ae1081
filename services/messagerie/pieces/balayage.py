"""What lies in the storage and in the table without the other: files of nobody are deleted, rows without a file are told.

A file is written before its row and deleted after it, so that what dies half-way leaves a file of nobody, never a row without
a file: one of these is a fault of the storage, for an operator to see. Drafts die with the right and by the table of retention;
their files are found here.
"""

import time
from datetime import datetime, timedelta
from typing import Final

import structlog
from django.core.files.storage import Storage
from django.db import transaction
from django.utils import timezone

from accounts.traces.journal import consigner

from ... import actes
from ...models import PieceJointe
from . import stockage

GRACE: Final = timedelta(hours=24)  # a file whose row is being written is of somebody soon
DUREE_BALAYAGE: Final = 200.0  # seconds: below the soft limit of a task
log = structlog.get_logger(__name__)


def balayer_pieces(*, acteur: str, maintenant: datetime | None = None, duree: float = DUREE_BALAYAGE) -> int:
    """Delete the files of no row that are a day old, folder by folder, for `duree` seconds at most; return how many."""
    maintenant = maintenant or timezone.now()
    fin, effaces, depot = time.monotonic() + duree, 0, stockage.depot()
    for dossier in _dossiers(depot, maintenant):
        effaces += _balayer(depot, dossier, maintenant)
        if time.monotonic() > fin:
            break
    if effaces:
        with transaction.atomic():
            consigner(actes.PIECES_BALAYEES, auteur=acteur, details={"nombre": effaces})
    return effaces


def _dossiers(depot: Storage, maintenant: datetime) -> list[str]:
    """Return the folders, another one first each day: a sweep that is cut short comes to all of them."""
    connus = {f"{rang:02x}" for rang in range(256)}
    try:
        dossiers = sorted(connus & set(depot.listdir("")[0]))
    except FileNotFoundError:  # nothing was ever joined
        dossiers = []
    depart = maintenant.toordinal() % (len(dossiers) or 1)
    return dossiers[depart:] + dossiers[:depart]


def _balayer(depot: Storage, dossier: str, maintenant: datetime) -> int:
    """Compare a folder with its rows; return how many files were deleted."""
    presents = {f"{dossier}/{nom}" for nom in depot.listdir(dossier)[1]}
    lignes = PieceJointe.objects.filter(fichier__gte=f"{dossier}/", fichier__lt=f"{dossier}0")
    connus = set(lignes.values_list("fichier", flat=True))
    anciens = lignes.filter(posee_le__lt=maintenant - GRACE).values_list("pk", "fichier")
    for piece, fichier in anciens:
        if fichier not in presents:
            log.error("piece_sans_fichier", piece=str(piece))
    effaces = 0
    for nom in sorted(presents - connus):
        if depot.get_modified_time(nom) < maintenant - GRACE:
            stockage.retirer(nom)
            effaces += 1
    return effaces
