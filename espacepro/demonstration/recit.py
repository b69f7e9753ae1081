"""How the past of the demonstration is told: scenes, each at its day, played from the oldest to the newest.

The journal numbers its lines as they are written, and every page of it reads them by these numbers: a story told out of its order
would be read out of its order.
"""

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Final
from uuid import uuid4

from accounts.envois.reveil import en_silence
from accounts.traces.requete import Provenance, provenance

from .horloge import il_y_a

AUTEUR: Final = "systeme:charger_demonstration"
"""Who has done what a job or a command did."""


def jamais() -> bool:
    """What a scene is asked that is only proposed where it is still to be played."""
    return False


@dataclass(frozen=True)
class Scene:
    """One act of the story: how many days ago, what is done then, and whether it is done already.

    `a_l_ecran`: somebody did it on a page, so that what it leaves is one act of the journal; else a job or a command did.
    """

    jours: float
    jouer: Callable[[], object]
    faite: Callable[[], bool] = jamais
    a_l_ecran: bool = True


def raconter(scenes: Iterable[Scene]) -> None:
    """Play what is missing of these scenes, the oldest first, those of one day as they are given."""
    for scene in sorted(scenes, key=lambda une: -une.jours):
        if not scene.faite():
            _jouer(scene)


def _jouer(scene: Scene) -> None:
    """Play it at its hour. Nobody is woken meanwhile: a worker would date by its own clock what waits between two acts."""
    with ExitStack() as pile:
        if scene.a_l_ecran:
            pile.callback(provenance.reset, provenance.set(Provenance(requete=str(uuid4()))))
        pile.enter_context(en_silence())
        pile.enter_context(il_y_a(scene.jours))
        scene.jouer()
