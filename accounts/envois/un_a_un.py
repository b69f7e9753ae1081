"""What a job does of each of many, apart: one that fails is logged, and keeps none of the others waiting (design.md §6)."""

from collections.abc import Callable, Iterable

import structlog
from celery.exceptions import SoftTimeLimitExceeded
from django.db import transaction

log = structlog.get_logger("espacepro.taches")


def chacun[T](quoi: str, elements: Iterable[T], faire: Callable[[T], int]) -> int:
    """Do this of each of these, each in a transaction of its own; return the sum of what it returns.

    Whatever one fails by is logged with its key and undone alone: it comes again with the next run, as all that is not done.
    The end of the job's own time goes through.
    """
    total = 0
    for element in elements:
        try:
            with transaction.atomic():
                total += faire(element)
        except SoftTimeLimitExceeded:
            raise
        except Exception as erreur:
            cle = str(getattr(element, "pk", element))
            log.exception("echec_d_un_seul", quoi=quoi, cle=cle, erreur=type(erreur).__name__)
    return total
