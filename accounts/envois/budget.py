"""How long a job works in one go: whole batches until nothing is left or its time is over (design.md §6)."""

import time
from collections.abc import Callable

DUREE_TACHE = 50.0  # seconds: a job of beat's table ends well before Celery's limit, whatever waits
DUREE_BALAYAGE = 8.0  # seconds: a sweep ends before the next one is due, ten seconds after it began


def epuiser(lot: Callable[[], int], *, duree: float = DUREE_TACHE) -> int:
    """Call `lot`, which works on one batch and returns how many, until it finds nothing or `duree` is over; return the sum."""
    fin, total = time.monotonic() + duree, 0
    while fait := lot():
        total += fait
        if time.monotonic() >= fin:
            break
    return total
