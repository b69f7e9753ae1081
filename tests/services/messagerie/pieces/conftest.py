"""What the tests of the attachments share."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from services.messagerie.pieces import antivirus

from .clamd import FauxClamd, faux_clamd


@pytest.fixture
def clamd(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FauxClamd]:
    """The scan is on, by a daemon that this test may have fail; what hangs is waited for 0.3 s."""
    monkeypatch.setattr(antivirus, "ANALYSE", 0.3)
    with faux_clamd(tmp_path / "clamd") as faux:
        settings.ANTIVIRUS, settings.CLAMD_ADRESSE = "clamd", faux.adresse
        yield faux
