"""Pytest plugin (`-p tests.serveurs`): gives the tests their servers and settings before Django reads them.

With `DATABASE_URL` and `REDIS_URL` set, those are used. Otherwise throw-away servers are started in a folder of their own, so that two
runs at once never meet, and stopped at the end; those that a killed run left behind are stopped by the next one.
With xdist, the controller alone starts them: its workers inherit its environment.
"""

import base64
import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Generator
from pathlib import Path
from typing import TextIO

import pytest

from espacepro.demonstration.embarque import ServeurIndisponible, preparer_dossier
from espacepro.demonstration.environnement import CLES, arreter_serveurs, demarrer_serveurs, dossier_etat


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None]:
    """Complete the environment, ahead of pytest-django, which loads the settings in this hook."""
    os.environ["ESPACEPRO_MODE"] = "test"
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = (
        "true"  # Playwright's synchronous API runs an event loop in the test's thread
    )
    os.environ.setdefault("EMAIL_URL", "smtp://localhost:25")  # pytest-django keeps mail in memory
    for nom in CLES:
        os.environ.setdefault(nom, base64.urlsafe_b64encode(hashlib.sha256(nom.encode()).digest()).decode())
    pieces = tempfile.mkdtemp(prefix="pieces-")  # attachments, each process's own
    os.environ["PIECES_DOSSIER"] = pieces
    early_config.add_cleanup(lambda: shutil.rmtree(pieces, ignore_errors=True))
    numero = ouvrier()
    if not numero:
        try:
            _demarrer(early_config)
        except ServeurIndisponible as erreur:
            raise pytest.UsageError(str(erreur)) from erreur
    else:
        # Each xdist worker has its own PostgreSQL database (pytest-django sees to it), and here its own Redis ones.
        os.environ["REDIS_URL"] = f"{os.environ['REDIS_URL'].partition('?')[0]}?db={2 * numero + 1}"
        prise, _, base = os.environ["CELERY_BROKER_URL"].partition("?virtual_host=")
        if base:
            os.environ["CELERY_BROKER_URL"] = f"{prise}?virtual_host={2 * numero}"
    return (yield)


def ouvrier() -> int:
    """Return the number of this xdist worker, from 1; 0 for the controller, or without xdist."""
    nom = os.environ.get("PYTEST_XDIST_WORKER", "")
    return int(nom.removeprefix("gw")) + 1 if nom else 0


def _demarrer(config: pytest.Config) -> None:
    if os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL") and os.environ.get("CELERY_BROKER_URL"):
        return
    etat = preparer_dossier(dossier_etat(os.environ))
    essais = preparer_dossier(etat / "essais")
    with (etat / "essais.verrou").open("a") as verrou:
        fcntl.flock(verrou, fcntl.LOCK_EX)
        for ancien in essais.iterdir():
            with (ancien / "occupe").open("a") as occupe:
                if _saisir(occupe):
                    _arreter(ancien)
        dossier = Path(tempfile.mkdtemp(dir=essais))
        dossier.chmod(0o711)
        occupe = (dossier / "occupe").open("a")
        _saisir(occupe)
    config.add_cleanup(occupe.close)
    config.add_cleanup(lambda: _arreter(dossier))
    os.environ.update(demarrer_serveurs(dossier, os.environ, durable=False))


def _saisir(fichier: TextIO) -> bool:
    try:
        fcntl.flock(fichier, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _arreter(dossier: Path) -> None:
    arreter_serveurs(dossier)
    shutil.rmtree(dossier)
