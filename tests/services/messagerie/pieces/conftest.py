"""What the tests of the attachments share."""

import socket
import time
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


@pytest.fixture
def clamd_muet(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """A daemon that accepts and says nothing; yields when each went to it. A connection is waited for 0.3 s, a scan 5 s."""
    venus: list[float] = []
    connecter = antivirus._connexion

    def connexion() -> socket.socket:
        venus.append(time.monotonic())
        return connecter()

    monkeypatch.setattr(antivirus, "CONNEXION", 0.3)
    monkeypatch.setattr(antivirus, "ANALYSE", 5.0)
    monkeypatch.setattr(antivirus, "_connexion", connexion)
    with socket.create_server(("127.0.0.1", 0), backlog=50) as prise:
        settings.ANTIVIRUS, settings.CLAMD_ADRESSE = "clamd", f"tcp://127.0.0.1:{prise.getsockname()[1]}"
        yield venus
