"""The scan: ClamAV's daemon by its INSTREAM command, over a socket of the machine or of the network (shared/stack2.md, Traps).

Only its literal OK is a yes: an error, a limit, silence or anything else is no verdict, and what has none is not served.
"""

import re
import socket
import struct
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Final
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.core.cache import cache
from redis.exceptions import RedisError

CLAMD: Final = "clamd"
AUCUN: Final = "aucun"
CONNEXION: Final = 2.0  # seconds to reach the daemon, and for it to say that it is there
ANALYSE: Final = 60.0  # seconds for a whole file of 10 MB, sent and answered
PANNE: Final = "antivirus_muet"
"""The mark, in Redis, that the daemon was found silent: whoever comes within `PANNE_DUREE` does not wait for it again."""
PANNE_DUREE: Final = 60  # seconds
REPONSE_AU_PLUS: Final = 4096  # bytes
_SAIN: Final = "stream: OK"
_TROUVE: Final = re.compile(r"stream: (.+) FOUND")
log = structlog.get_logger(__name__)


class AntivirusInjoignable(Exception):
    """The daemon does not answer, or not in time: all that waits goes on waiting."""


class SansVerdict(Exception):
    """The daemon answered something else than yes or no, for this file."""


def actif() -> bool:
    """Whether files are scanned. Where production says nothing (checked: espacepro.E021) they wait, and none is served."""
    return settings.ANTIVIRUS != AUCUN


def repond() -> bool:
    """Whether the daemon is there; one that was found silent is asked again a minute later, by whichever task comes first."""
    if _vient_de_se_taire():
        return False
    try:
        if _demander(b"zPING\0", lambda prise, fin: None, CONNEXION) == "PONG":
            return True
        log.warning("antivirus_injoignable", erreur="no PONG")
    except AntivirusInjoignable as erreur:
        log.warning("antivirus_injoignable", erreur=str(erreur))
    with suppress(RedisError, OSError):  # without Redis each waits for it, no longer than a connection
        cache.set(PANNE, 1, PANNE_DUREE)
    return False


def _vient_de_se_taire() -> bool:
    try:
        return cache.get(PANNE) is not None
    except (RedisError, OSError):
        return False


def analyser(morceaux: Iterable[bytes]) -> str:
    """Return the signature that was found in these bytes, nothing when they are sound.

    Raises: AntivirusInjoignable, SansVerdict, and whatever `morceaux` raises.
    """

    def envoyer(prise: socket.socket, fin: float) -> None:
        for morceau in morceaux:
            prise.settimeout(_reste(fin))
            prise.sendall(struct.pack("!I", len(morceau)) + morceau)
        prise.sendall(struct.pack("!I", 0))

    reponse = _demander(b"zINSTREAM\0", envoyer, ANALYSE)
    if reponse == _SAIN:
        return ""
    trouve = _TROUVE.fullmatch(reponse)
    if trouve is None:
        raise SansVerdict(reponse)
    return trouve[1]


def _demander(commande: bytes, envoyer: Callable[[socket.socket, float], None], secondes: float) -> str:
    """Send a command and what goes with it; return the answer, within these seconds. Raises: AntivirusInjoignable."""
    fin = time.monotonic() + secondes
    try:
        with _connexion() as prise:
            with suppress(BrokenPipeError, ConnectionResetError):  # it answered early: too long
                prise.sendall(commande)
                envoyer(prise, fin)
            return _lire(prise, fin)
    except (OSError, ValueError) as erreur:
        raise AntivirusInjoignable(f"{type(erreur).__name__}: {erreur}") from erreur


def _connexion() -> socket.socket:
    """Return a socket to CLAMD_ADRESSE. Raises: OSError, ValueError."""
    adresse = urlsplit(settings.CLAMD_ADRESSE)
    if adresse.scheme == "unix":
        prise = socket.socket(socket.AF_UNIX)
        prise.settimeout(CONNEXION)
        try:
            prise.connect(adresse.path)
        except OSError:
            prise.close()
            raise
        return prise
    if adresse.scheme != "tcp" or not adresse.hostname or not adresse.port:
        raise ValueError("CLAMD_ADRESSE is unix:/path or tcp://host:port")
    return socket.create_connection((adresse.hostname, adresse.port), timeout=CONNEXION)


def _reste(fin: float) -> float:
    """Return how long may still be waited. Raises: TimeoutError."""
    reste = fin - time.monotonic()
    if reste <= 0:
        raise TimeoutError("the whole took too long")
    return reste


def _lire(prise: socket.socket, fin: float) -> str:
    """Return what stands before the first NUL. Raises: OSError, when the answer does not come whole."""
    recu = b""
    while b"\0" not in recu:
        prise.settimeout(_reste(fin))
        morceau = prise.recv(REPONSE_AU_PLUS)
        if not morceau or len(recu) > REPONSE_AU_PLUS:
            raise ConnectionError("no whole answer")
        recu += morceau
    return recu.partition(b"\0")[0].decode("utf-8", "replace").strip()
