"""What who watches counts for minutes or a day, in Redis alone: no query of the database (R15, R17).

One round trip a call, with a short time-out. Once Redis has not answered, this process asks it nothing for PAUSE seconds: who asked then
sees nothing, slows nobody and stops nothing. The blocked addresses do not depend on it (automates/liste.py).
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import structlog
from django.conf import settings
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from accounts.chiffrement import chiffrer, dechiffrer
from accounts.compteurs.debit import empreinte

DELAI_DE_REDIS: Final = 0.25  # seconds: what Redis has to answer
_USAGE: Final = "surveillance"
PAUSE: Final = 5.0  # seconds without asking it, once it has not
log = structlog.get_logger("espacepro.surveillance")


@dataclass
class Etat:
    """Until when, by the monotonic clock, this process asks Redis nothing."""

    muet_jusqu_a: float = 0.0


etat = Etat()


def cle(quoi: str, valeur: str) -> str:
    """Return the key of an address, a browser, an account or a company: a keyed hash, so that Redis names nobody."""
    return f"{quoi}:{empreinte('surveillance-' + quoi, valeur)[:32]}"


def sceller(valeur: str) -> str:
    """Return what Redis holds of this value, for who must read it again."""
    return chiffrer(valeur, usage=_USAGE)


def lire_scelle(scelle: str, *, duree_max: int) -> str | None:
    """Return the value that was sealed, None when it is not ours, or older than so many seconds."""
    return dechiffrer(scelle, usage=_USAGE, duree_max=duree_max, deja_garde=True)


@cache
def client(adresse: str) -> "Redis":
    """Return this process's own client of this Redis: redis-py reconnects by itself after a fork."""
    return Redis.from_url(
        adresse,
        socket_timeout=DELAI_DE_REDIS,
        socket_connect_timeout=DELAI_DE_REDIS,
        retry=Retry(NoBackoff(), 0),
        decode_responses=True,
    )


def demander(commandes: Callable[[Any], object]) -> list[Any] | None:
    """Send these commands in one round trip and return the answers; None when Redis does not answer, or did not a moment ago."""
    if time.monotonic() < etat.muet_jusqu_a:
        return None
    tuyau = client(settings.CACHES["default"]["LOCATION"]).pipeline(transaction=False)
    try:
        commandes(tuyau)
        reponses: list[Any] = tuyau.execute()
    except (RedisError, OSError) as erreur:
        etat.muet_jusqu_a = time.monotonic() + PAUSE
        log.warning("detection_en_pause", erreur=type(erreur).__name__)
        return None
    return reponses
