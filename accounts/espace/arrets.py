"""What stops when an espace is disabled, what comes back if that erred, what its holder then looks at (R15, R16; CGU §3.6.b).

Each app adds one `Volet` in `AppConfig.ready`, as for a deletion: this floor knows none of them. What a volet has stopped it
remembers in JSON (`Memoire`), kept with the disabling (surveillance/models), and is given back to undo it, or to let the
holder decide what of it was his.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from ..models import Agent, Espace

type Memoire = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Arret:
    """One disabling under way, or being undone: `depuis` is the first suspect act, all under the lock of the espace."""

    espace: Espace
    depuis: datetime
    maintenant: datetime
    auteur: Espace | Agent | str


@dataclass(frozen=True, kw_only=True)
class Effet:
    """What would stop, under one title: what an agent reads before confirming."""

    titre: str
    lignes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Changement:
    """One thing that was changed since the first suspect act. `defaisable`: whether the holder may have it undone in one press."""

    cle: str
    titre: str
    precision: str
    quand: str
    defaisable: bool = True


@dataclass(frozen=True, kw_only=True)
class Volet:
    """What one app knows of a disabling.

    `retenir` takes the locks under which what the holder may still decide is asked again, `verrouiller` the app's other ones, the
    espace being locked; `prevoir` tells what would stop; `arreter` stops it and returns
    what must be known to undo; `rendre` undoes it; `changements` lists what the holder is to look at, and `trancher` undoes
    those of `defaire` and keeps the others, whose rights come back.
    """

    nom: str
    retenir: Callable[[Memoire], object] = lambda memoire: None
    verrouiller: Callable[[Espace], object] = lambda espace: None
    prevoir: Callable[[Espace, datetime], list[Effet]]
    arreter: Callable[[Arret], Memoire]
    rendre: Callable[[Arret, Memoire], object] = lambda arret, memoire: None
    changements: Callable[[Espace, datetime, Memoire], list[Changement]] = lambda espace, depuis, memoire: []
    trancher: Callable[[Arret, Memoire, Collection[str]], object] = lambda arret, memoire, defaire: None


# The order of the locks (docs/maison.md), which is also the order of what a page shows.
ORDRE: Final = ("adresse", "coordonnees", "banque", "activation", "habilitations", "contreseings")
_VOLETS: list[Volet] = []


def inscrire(volet: Volet) -> None:
    """Add what an app knows of a disabling; its name stands in `ORDRE`, whichever app is ready first."""
    if volet.nom not in ORDRE:
        raise ValueError(f"{volet.nom!r} has no place in the order of a disabling: {', '.join(ORDRE)}")
    _VOLETS.append(volet)
    _VOLETS.sort(key=lambda inscrit: ORDRE.index(inscrit.nom))


def volets() -> Sequence[Volet]:
    """Return what each app has added, in the order of the locks."""
    return tuple(_VOLETS)


def effets(espace: Espace, depuis: datetime) -> list[Effet]:
    """Return what would stop with this espace, all apps together, without the titles that hold nothing."""
    return [effet for volet in _VOLETS for effet in volet.prevoir(espace, depuis) if effet.lignes]


def verrouiller(espace: Espace, memoires: Mapping[str, Memoire] | None = None) -> None:
    """Take the locks of every app under this espace, which is locked, and of what its disabling remembers."""
    for volet in _VOLETS:
        volet.retenir((memoires or {}).get(volet.nom, {}))
        volet.verrouiller(espace)


def arreter(arret: Arret) -> dict[str, Memoire]:
    """Stop what waits, and what was granted since; return what each app remembers of it."""
    return {volet.nom: volet.arreter(arret) for volet in _VOLETS}


def rendre(arret: Arret, memoires: Mapping[str, Memoire]) -> None:
    """Give back what was stopped: the disabling erred."""
    for volet in _VOLETS:
        volet.rendre(arret, memoires.get(volet.nom, {}))


def changements(espace: Espace, depuis: datetime, memoires: Mapping[str, Memoire]) -> list[Changement]:
    """Return what was changed since the first suspect act (`depuis`), app by app; the keys are `<volet>:<key>`."""
    return [
        Changement(
            cle=f"{volet.nom}:{change.cle}",
            titre=change.titre,
            precision=change.precision,
            quand=change.quand,
            defaisable=change.defaisable,
        )
        for volet in _VOLETS
        for change in volet.changements(espace, depuis, memoires.get(volet.nom, {}))
    ]


def trancher(arret: Arret, memoires: Mapping[str, Memoire], defaire: Collection[str]) -> None:
    """Undo these changes, and give back what the others had: the holder has decided."""
    for volet in _VOLETS:
        prefixe = f"{volet.nom}:"
        siens = {cle.removeprefix(prefixe) for cle in defaire if cle.startswith(prefixe)}
        volet.trancher(arret, memoires.get(volet.nom, {}), siens)
