"""Wakes a worker for an outbox row, once the act is committed. Losing the wake-up loses nothing: beat sweeps."""

import time

import structlog
from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

SILENCE = 30.0  # seconds without a try, once the broker has not answered: an act of a hundred rows waits for it once
journal = structlog.get_logger(__name__)
_muet_jusqu_a = 0.0


def reveiller(tache: str, cle: object) -> None:
    """After the commit, send the task of that name with the row's id. A broker that is down is only logged."""
    transaction.on_commit(lambda: _envoyer(tache, cle))


def _envoyer(tache: str, cle: object) -> None:
    global _muet_jusqu_a
    if time.monotonic() < _muet_jusqu_a:
        return
    try:
        current_app.send_task(tache, args=[str(cle)], retry=False, ignore_result=True)
    except (OperationalError, OSError) as erreur:
        _muet_jusqu_a = time.monotonic() + SILENCE
        journal.warning("reveil_impossible", tache=tache, erreur=type(erreur).__name__)
