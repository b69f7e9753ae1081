"""The blocked networks as this process holds them: asked at each request, without a query; read again every RELECTURE seconds.

What an agent blocks or lifts is so everywhere within RELECTURE, with or without Redis. While the database does not answer, the
last list goes on.
"""

import ipaddress
import os
import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import structlog
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.models import BigIntegerField, BitXor, Count, Func, Q, Value
from django.utils import timezone

from accounts.traces.requete import une_adresse

from ..models import BlocageIP

RELECTURE: Final = 3.0  # seconds
log = structlog.get_logger("espacepro.adresses")

type _Largeur = tuple[int, int]
"""Version of IP and length of the prefix, in bits."""


@dataclass
class Liste:
    """Networks by their width: one look-up for each width in use, however many networks there are."""

    version: tuple[int, int] = (0, 0)
    reseaux: dict[_Largeur, dict[int, datetime | None]] = field(default_factory=dict)
    """Until when each is blocked, by its address as a number; None: until somebody decides."""

    def fin_de(self, adresse: str, maintenant: datetime) -> tuple[bool, datetime | None]:
        """Return whether this address is blocked now, and until when (None: until somebody decides, or it is not)."""
        if not self.reseaux:
            return False, None
        lue = une_adresse(adresse)
        nombre, bits = int(lue), lue.max_prefixlen
        for (version, longueur), tenus in self.reseaux.items():
            if version != lue.version:
                continue
            base = nombre >> (bits - longueur) << (bits - longueur)
            if base in tenus and ((fin := tenus[base]) is None or fin > maintenant):
                return True, fin
        return False, None


@dataclass
class _Processus:
    """What this process holds, and who reads it again."""

    liste: Liste = field(default_factory=Liste)
    pid: int = 0
    verrou: threading.Lock = field(default_factory=threading.Lock)


_processus = _Processus()


def est_bloquee(adresse: str, maintenant: datetime | None = None) -> tuple[bool, datetime | None]:
    """Return whether this source address is blocked, and until when: no query, the process's own list."""
    if _processus.pid != os.getpid() and settings.RELIT_LES_BLOCAGES:
        _veiller()
    return _processus.liste.fin_de(adresse, maintenant or timezone.now())


def relire() -> Liste:
    """Read the list again if it changed, and return it: one query when it has not, two when it has."""
    actifs = BlocageIP.objects.filter(leve_le=None)
    # Of the whole set: numbers are drawn before they are committed, so that the last one tells nothing of those before it.
    lus: dict[str, int | None] = actifs.aggregate(
        nombre=Count("pk"),
        ensemble=BitXor(Func("pk", Value(0), function="hashint8extended", output_field=BigIntegerField())),
    )
    version = (lus["nombre"] or 0, lus["ensemble"] or 0)
    if version != _processus.liste.version:
        reseaux: defaultdict[_Largeur, dict[int, datetime | None]] = defaultdict(dict)
        vifs = actifs.filter(Q(jusqu_a=None) | Q(jusqu_a__gt=timezone.now()))
        for reseau, fin in vifs.values_list("reseau", "jusqu_a").iterator(chunk_size=10_000):
            lu = ipaddress.ip_network(reseau)
            reseaux[lu.version, lu.prefixlen][int(lu.network_address)] = fin
        _processus.liste = Liste(version, dict(reseaux))
    return _processus.liste


def _veiller() -> None:
    """Read the list for the first time, then leave it to a thread of this process (a fork has none of its parent's)."""
    with _processus.verrou:
        if _processus.pid == os.getpid():
            return
        _processus.pid = os.getpid()
        threading.Thread(target=_relire_sans_fin, name="blocages", daemon=True).start()


def _relire_sans_fin() -> None:
    while True:
        try:
            relire()
        except DatabaseError as erreur:  # the last list goes on
            log.warning("blocages_non_relus", erreur=type(erreur).__name__)
        finally:
            connection.close()
        time.sleep(RELECTURE)
