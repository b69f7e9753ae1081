"""What is measured is opened faster than anybody reads: the ceilings of pace are put out of reach (R15, R17), their cost is not."""

from collections.abc import Iterator

import pytest

from surveillance.automates import grades
from surveillance.signaux import rafales
from tests import hachage

PLAFONDS = {
    grades: ("PAGES_PAR_MINUTE", "PAGES_PAR_FENETRE", "VISITEURS_PAR_MINUTE"),
    rafales: ("PAGES_PAR_MINUTE", "SIREN_PAR_MINUTE", "FICHIERS_PAR_MINUTE", "SIREN_METHODIQUES"),
}


@pytest.fixture(scope="package", autouse=True)
def _durees_vraies() -> Iterator[None]:
    """What a sign-in costs is measured here, from what these worlds are made with on."""
    with hachage.durees():
        yield


@pytest.fixture(autouse=True)
def sans_plafond_de_rythme(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a test open as many pages a minute as it likes."""
    for module, noms in PLAFONDS.items():
        for nom in noms:
            monkeypatch.setattr(module, nom, 10**9)
