"""Wakes a worker for an outbox row, once the act is committed. Losing the wake-up loses nothing: beat sweeps."""

import structlog
from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

journal = structlog.get_logger(__name__)


def reveiller(tache: str, cle: object) -> None:
    """After the commit, send the task of that name with the row's id. A broker that is down is only logged."""

    def envoyer() -> None:
        try:
            current_app.send_task(tache, args=[str(cle)], retry=False, ignore_result=True)
        except (OperationalError, OSError) as erreur:
            journal.warning("reveil_impossible", tache=tache, erreur=type(erreur).__name__)

    transaction.on_commit(envoyer)
