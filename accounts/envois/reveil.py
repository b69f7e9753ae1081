"""Wakes a worker for an outbox row, once the act is committed. Losing the wake-up loses nothing: beat sweeps.

So whatever a send raises is logged here and goes no further: the act is done, and its visitor must be told so.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

SILENCE = 30.0  # seconds without a try, once one has failed: an act of a hundred rows waits for it once
log = structlog.get_logger(__name__)
_muet_jusqu_a = 0.0


def reveiller(tache: str, cle: object) -> None:
    """After the commit, send the task of that name with the row's id. A send that fails, for any reason, is only logged."""
    transaction.on_commit(lambda: _envoyer(tache, cle))


@contextmanager
def en_silence() -> Iterator[None]:
    """Send nothing meanwhile: what waits is beat's (for a command that does itself what it writes)."""
    global _muet_jusqu_a
    avant, _muet_jusqu_a = _muet_jusqu_a, float("inf")
    try:
        yield
    finally:
        _muet_jusqu_a = avant


def _envoyer(tache: str, cle: object) -> None:
    global _muet_jusqu_a
    if time.monotonic() < _muet_jusqu_a:
        return
    try:
        current_app.send_task(tache, args=[str(cle)], retry=False, ignore_result=True)
    except Exception as erreur:
        _muet_jusqu_a = time.monotonic() + SILENCE
        if isinstance(erreur, OperationalError | OSError):  # the broker is down
            log.warning("reveil_impossible", tache=tache, erreur=type(erreur).__name__)
        else:  # the installation or the code is at fault: with its traceback
            log.exception("reveil_impossible", tache=tache, erreur=type(erreur).__name__)
