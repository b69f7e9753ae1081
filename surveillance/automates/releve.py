"""What has been seen of a source address and of a browser in the last minutes, in Redis alone: no query of the database.

Two windows of FENETRE_DES_RELEVES, the former counted for the part of it that is not over: a sum that slides. One round trip a request, with a
short time-out; when Redis does not answer, detection pauses for PAUSE seconds and nobody is slowed nor asked for anything. The blocked
addresses do not depend on it (liste.py).
"""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import structlog
from django.conf import settings
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from accounts.compteurs.debit import empreinte

FENETRE_DES_RELEVES: Final = 600  # seconds
DELAI_DE_LA_SUITE: Final = 10  # seconds: a browser follows a redirection at once
DELAI_DE_REDIS: Final = 0.25  # seconds: what Redis has to answer
PAUSE: Final = 5.0  # seconds without asking it, once it has not
PREFIXE: Final = "espacepro:automates:"
log = structlog.get_logger("espacepro.automates")
horloge: Callable[[], float] = time.time


@dataclass(frozen=True)
class Releve:
    """What each key holds now: how many marks of each detector, and how many pages."""

    marques: Mapping[str, Mapping[str, float]]
    pages_minute: int
    pages_fenetre: int
    suite: bool = False
    """Whether this is the page that an act led to: one page with the act."""


@dataclass
class _Etat:
    muet_jusqu_a: float = 0.0


_etat = _Etat()


@cache
def _redis() -> "Redis":
    """Return this process's own client: redis-py reconnects by itself after a fork."""
    return Redis.from_url(
        settings.CACHES["default"]["LOCATION"],
        socket_timeout=DELAI_DE_REDIS,
        socket_connect_timeout=DELAI_DE_REDIS,
        retry=Retry(NoBackoff(), 0),
        decode_responses=True,
    )


def cle(quoi: str, valeur: str) -> str:
    """Return the key of an address, a browser or an account: a keyed hash, so that Redis names nobody."""
    return f"{quoi}:{empreinte('automates-' + quoi, valeur)[:32]}"


def _demander(commandes: Callable[[Any], None]) -> list[Any] | None:
    """Send these commands in one round trip and return the answers; None when Redis does not answer, or did not a moment ago."""
    if time.monotonic() < _etat.muet_jusqu_a:
        return None
    tuyau = _redis().pipeline(transaction=False)
    try:
        commandes(tuyau)
        reponses: list[Any] = tuyau.execute()
    except RedisError as erreur:
        _etat.muet_jusqu_a = time.monotonic() + PAUSE
        log.warning("detection_en_pause", erreur=type(erreur).__name__)
        return None
    return reponses


def _fenetres(maintenant: float) -> tuple[int, float]:
    """Return the number of the window under way, and which part of the former one still counts."""
    rang, passe = divmod(maintenant, FENETRE_DES_RELEVES)
    return int(rang), 1 - passe / FENETRE_DES_RELEVES


def _hache(la_cle: str, fenetre: int) -> str:
    return f"{PREFIXE}{la_cle}:{fenetre}"


def _ajouter(tuyau: Any, la_cle: str, marques: Iterable[str], fenetre: int) -> None:
    nom = _hache(la_cle, fenetre)
    for marque in marques:
        tuyau.hincrby(nom, marque, 1)
    tuyau.expire(nom, 2 * FENETRE_DES_RELEVES)


def _pages(pages: str, maintenant: float) -> tuple[tuple[str, int], tuple[str, int]]:
    """Return where the pages of this minute and of this window are counted, and how long each is kept."""
    fenetre, _ = _fenetres(maintenant)
    return (
        (f"{PREFIXE}pages:{pages}:{int(maintenant // 60)}", 120),
        (f"{PREFIXE}pages:{pages}:f{fenetre}", 2 * FENETRE_DES_RELEVES),
    )


def attendre(suite: str) -> None:
    """Expect the page that an act leads to: when it is asked for, it is one page with the act."""
    _demander(lambda tuyau: tuyau.set(f"{PREFIXE}suite:{suite}", 1, ex=DELAI_DE_LA_SUITE))


def relever(marques: Mapping[str, Iterable[str]], *, pages: str, suite: str) -> Releve | None:
    """Count the marks of this request under each key and a page under `pages`; return what all hold now. None: detection pauses.

    What an act led to (`suite` was expected) is no page more.
    """
    maintenant = horloge()
    fenetre, reste = _fenetres(maintenant)
    compteurs = _pages(pages, maintenant)
    cles = list(marques)

    def commandes(tuyau: Any) -> None:
        tuyau.delete(f"{PREFIXE}suite:{suite}")
        for la_cle, noms in marques.items():
            if noms := list(noms):
                _ajouter(tuyau, la_cle, noms, fenetre)
        for la_cle in cles:
            tuyau.hgetall(_hache(la_cle, fenetre))
            tuyau.hgetall(_hache(la_cle, fenetre - 1))
        for nom, vie in compteurs:
            tuyau.incr(nom)
            tuyau.expire(nom, vie)

    reponses = _demander(commandes)
    if reponses is None:
        return None
    lues = [reponse for reponse in reponses if isinstance(reponse, dict)]
    sommes: dict[str, Mapping[str, float]] = {}
    for rang, la_cle in enumerate(cles):
        total = {nom: float(nombre) for nom, nombre in lues[2 * rang].items()}
        for nom, nombre in lues[2 * rang + 1].items():
            total[nom] = total.get(nom, 0) + int(nombre) * reste
        sommes[la_cle] = total
    suivie = reponses[0] == 1
    if suivie:
        _demander(lambda tuyau: tuyau.decr(compteurs[0][0]).decr(compteurs[1][0]))
    return Releve(sommes, int(reponses[-4]) - suivie, int(reponses[-2]) - suivie, suivie)


def noter(marques: Mapping[str, Iterable[str]]) -> None:
    """Count what was seen while the request was answered."""
    fenetre, _ = _fenetres(horloge())
    a_noter = {la_cle: noms for la_cle, quoi in marques.items() if (noms := list(quoi))}

    def commandes(tuyau: Any) -> None:
        for la_cle, noms in a_noter.items():
            _ajouter(tuyau, la_cle, noms, fenetre)

    if a_noter:
        _demander(commandes)


def oublier(la_cle: str) -> None:
    """Forget what this key holds: it has been answered."""
    fenetre, _ = _fenetres(horloge())
    _demander(lambda tuyau: tuyau.delete(_hache(la_cle, fenetre), _hache(la_cle, fenetre - 1)))


def une_seule_fois(quoi: str, *, secondes: float) -> bool | None:
    """Whether this is the first time in so long; None when Redis does not answer."""
    reponses = _demander(lambda tuyau: tuyau.set(f"{PREFIXE}une:{quoi}", 1, nx=True, px=int(secondes * 1000)))
    return None if reponses is None else bool(reponses[0])
