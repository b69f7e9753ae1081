"""What has been seen of a source address and of a browser in the last minutes, in Redis alone: no query of the database.

Two windows of FENETRE_DES_RELEVES, the former counted for the part of it that is not over: a sum that slides. One round trip a request
(memoire.py): when Redis does not answer, detection pauses, and nobody is slowed nor asked for anything.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ..memoire import demander, lire_scelle, sceller

FENETRE_DES_RELEVES: Final = 600  # seconds
JOUR: Final = 86_400  # seconds
DELAI_DE_LA_SUITE: Final = 10  # seconds: a browser follows a redirection at once
PREFIXE: Final = "espacepro:automates:"
SURVEILLEES: Final = f"{PREFIXE}surveillees"
"""The sources that hold enough marks to be slowed, by the time when these are over; the address of each is sealed beside."""
horloge: Callable[[], float] = time.time


@dataclass(frozen=True)
class Releve:
    """What each key holds now: how many marks of each detector, and how many pages."""

    marques: Mapping[str, Mapping[str, float]]
    pages_minute: int
    pages_fenetre: int
    suite: bool = False
    """Whether this is the page that an act led to: one page with the act."""


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


def du_jour(la_cle: str) -> int | None:
    """Count one more under this key and return how many it has today (UTC); None when Redis does not answer."""
    nom = f"{PREFIXE}jour:{la_cle}:{int(horloge() // JOUR)}"
    reponses = demander(lambda tuyau: tuyau.incr(nom).expire(nom, JOUR))
    return None if reponses is None else int(reponses[0])


def attendre(suite: str) -> None:
    """Expect the page that an act leads to: when it is asked for, it is one page with the act."""
    demander(lambda tuyau: tuyau.set(f"{PREFIXE}suite:{suite}", 1, ex=DELAI_DE_LA_SUITE))


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

    reponses = demander(commandes)
    if reponses is None:
        return None
    lues = [reponse for reponse in reponses if isinstance(reponse, dict)]
    sommes = {la_cle: _sommer(lues[2 * rang], lues[2 * rang + 1], reste) for rang, la_cle in enumerate(cles)}
    suivie = reponses[0] == 1
    if suivie:
        demander(lambda tuyau: tuyau.decr(compteurs[0][0]).decr(compteurs[1][0]))
    return Releve(sommes, int(reponses[-4]) - suivie, int(reponses[-2]) - suivie, suivie)


def _sommer(courante: Mapping[str, str], precedente: Mapping[str, str], reste: float) -> Mapping[str, float]:
    """Return the marks of both windows, the former for the part of it that is not over."""
    total = {nom: float(nombre) for nom, nombre in courante.items()}
    for nom, nombre in precedente.items():
        total[nom] = total.get(nom, 0) + int(nombre) * reste
    return total


def montrer(la_cle: str, adresse: str) -> None:
    """Let the cell read of which address this key is, as long as its marks last."""
    fin = horloge() + 2 * FENETRE_DES_RELEVES

    def commandes(tuyau: Any) -> None:
        tuyau.zadd(SURVEILLEES, {la_cle: fin})
        tuyau.expire(SURVEILLEES, 2 * FENETRE_DES_RELEVES)
        tuyau.set(f"{PREFIXE}adresse:{la_cle}", sceller(adresse), ex=2 * FENETRE_DES_RELEVES)

    demander(commandes)


def montrees(au_plus: int) -> dict[str, tuple[str, Mapping[str, float]]] | None:
    """Return the sources shown, the last seen first: of each key its address and its marks now. None: Redis does not answer."""
    maintenant = horloge()
    fenetre, reste = _fenetres(maintenant)
    lues = demander(
        lambda tuyau: tuyau.zremrangebyscore(SURVEILLEES, 0, maintenant).zrevrange(SURVEILLEES, 0, au_plus - 1)
    )
    if lues is None:
        return None
    cles: list[str] = lues[1]

    def commandes(tuyau: Any) -> None:
        for la_cle in cles:
            tuyau.get(f"{PREFIXE}adresse:{la_cle}")
            tuyau.hgetall(_hache(la_cle, fenetre))
            tuyau.hgetall(_hache(la_cle, fenetre - 1))

    reponses = demander(commandes) if cles else []
    if reponses is None:
        return None
    trouvees = {}
    for rang, la_cle in enumerate(cles):
        scellee, courante, precedente = reponses[3 * rang : 3 * rang + 3]
        adresse = lire_scelle(scellee, duree_max=2 * FENETRE_DES_RELEVES) if scellee else None
        if adresse is not None:
            trouvees[la_cle] = (adresse, _sommer(courante, precedente, reste))
    return trouvees


def noter(marques: Mapping[str, Iterable[str]]) -> None:
    """Count what was seen while the request was answered."""
    fenetre, _ = _fenetres(horloge())
    a_noter = {la_cle: noms for la_cle, quoi in marques.items() if (noms := list(quoi))}

    def commandes(tuyau: Any) -> None:
        for la_cle, noms in a_noter.items():
            _ajouter(tuyau, la_cle, noms, fenetre)

    if a_noter:
        demander(commandes)


def oublier(la_cle: str) -> bool:
    """Forget what this key holds: it has been answered. False: Redis does not answer, nothing is forgotten."""
    fenetre, _ = _fenetres(horloge())
    cles = (_hache(la_cle, fenetre), _hache(la_cle, fenetre - 1))
    return demander(lambda tuyau: tuyau.delete(*cles).zrem(SURVEILLEES, la_cle)) is not None


def une_seule_fois(quoi: str, *, secondes: float) -> bool | None:
    """Whether this is the first time in so long; None when Redis does not answer."""
    reponses = demander(lambda tuyau: tuyau.set(f"{PREFIXE}une:{quoi}", 1, nx=True, px=int(secondes * 1000)))
    return None if reponses is None else bool(reponses[0])
