"""What the tests of automata share: a clock of their own, a list of blocked addresses that is empty."""

from collections.abc import Iterator

import pytest

from surveillance import memoire
from surveillance.automates import liste, releve

from .scenes import Horloge


@pytest.fixture
def horloge(monkeypatch: pytest.MonkeyPatch) -> Horloge:
    une = Horloge.ronde()
    monkeypatch.setattr(releve, "horloge", une)
    return une


@pytest.fixture
def neuf() -> Iterator[None]:
    """Nothing is blocked nor watched, and Redis has not failed a moment ago."""
    liste._processus.liste = liste.Liste()
    memoire.etat.muet_jusqu_a = 0.0
    yield
    liste._processus.liste = liste.Liste()
    memoire.etat.muet_jusqu_a = 0.0
