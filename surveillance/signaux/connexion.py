"""What a sign-in shows beside those before it: another country, too fast a journey, a password found after many guesses (R15).

Each detector takes the sign-in and those before it, newest first, and returns its details or nothing. One query serves them all.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from ..models import Connexion
from .registre import ECHECS_PUIS_REUSSITE, PAYS_NOUVEAU, VOYAGE_IMPOSSIBLE
from .seuils import ECHECS_AU_MOINS, REUSSITES_CONNUES

MEMOIRE_DES_CONNEXIONS: Final = timedelta(days=90)
CONNEXIONS_LUES: Final = 300
"""However many guesses strangers make at an account, a sign-in reads no more of them."""
VOYAGE_AU_MOINS: Final = timedelta(hours=1)
FENETRE_DES_ECHECS: Final = timedelta(hours=24)


@dataclass(frozen=True)
class Vue:
    """One sign-in, tried or made, as the detectors read it."""

    quand: datetime
    reussie: bool
    pays: str
    reseau: str
    navigateur: str
    systeme: str


def vue_de(connexion: Connexion) -> Vue:
    return Vue(
        connexion.quand,
        connexion.resultat == Connexion.Resultat.REUSSIE,
        connexion.pays,
        connexion.reseau,
        connexion.navigateur,
        connexion.systeme,
    )


def vues_avant(connexion: Connexion) -> list[Vue]:
    """Return the sign-ins of the same account before this one, the newest first: one query, the last 300 of 90 days."""
    avant = (
        Connexion.objects.filter(
            compte=connexion.compte,
            quand__gt=connexion.quand - MEMOIRE_DES_CONNEXIONS,
            quand__lt=connexion.quand,
        )
        .order_by("-quand")
        .values_list("quand", "resultat", "pays", "reseau", "navigateur", "systeme")[:CONNEXIONS_LUES]
    )
    reussie = Connexion.Resultat.REUSSIE
    return [Vue(quand, resultat == reussie, *reste) for quand, resultat, *reste in avant]


def _lieu(vue: Vue) -> dict[str, str]:
    return {"pays": vue.pays, "reseau": vue.reseau, "navigateur": vue.navigateur}


def pays_nouveau(ici: Vue, avant: Sequence[Vue], connu: bool) -> dict[str, Any] | None:
    """A country from which this account had never signed in, once it has signed in three times."""
    pays = [vue.pays for vue in avant if vue.reussie and vue.pays]
    if not ici.pays or len(pays) < REUSSITES_CONNUES or ici.pays in pays:
        return None
    return {"ici": _lieu(ici), "avant": sorted(set(pays))}


def voyage_impossible(ici: Vue, avant: Sequence[Vue], connu: bool) -> dict[str, Any] | None:
    """Another country than that of a sign-in made less than an hour before."""
    for vue in avant:
        if ici.quand - vue.quand >= VOYAGE_AU_MOINS:
            return None
        if vue.reussie and vue.pays and ici.pays and vue.pays != ici.pays:
            minutes = int((ici.quand - vue.quand).total_seconds() // 60)
            return {"avant": _lieu(vue), "ici": _lieu(ici), "minutes": minutes}
    return None


def echecs_puis_reussite(ici: Vue, avant: Sequence[Vue], connu: bool) -> dict[str, Any] | None:
    """A password found, from a browser that the account does not know, after many guesses of the last day, some from here.

    Strangers who guess elsewhere say nothing of who then signs in: at least one must come from the network that succeeds.
    """
    if connu:
        return None
    echecs: list[Vue] = []
    for vue in avant:
        if vue.reussie or ici.quand - vue.quand > FENETRE_DES_ECHECS:
            break
        echecs.append(vue)
    if len(echecs) < ECHECS_AU_MOINS or not any(vue.reseau == ici.reseau for vue in echecs):
        return None
    return {"echecs": len(echecs), "ici": _lieu(ici)}


type Detecteur = Callable[[Vue, Sequence[Vue], bool], dict[str, Any] | None]
DETECTEURS: Final[dict[str, Detecteur]] = {
    PAYS_NOUVEAU: pays_nouveau,
    VOYAGE_IMPOSSIBLE: voyage_impossible,
    ECHECS_PUIS_REUSSITE: echecs_puis_reussite,
}


def examiner(connexion: Connexion, *, connu: bool) -> dict[str, dict[str, Any]]:
    """Return the kinds that this sign-in shows, each with its details; `connu`: from a browser that the account knows."""
    ici, avant = vue_de(connexion), vues_avant(connexion)
    return {genre: details for genre, voit in DETECTEURS.items() if (details := voit(ici, avant, connu)) is not None}
