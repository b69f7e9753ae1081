"""A bound on the hashes made at once, so that a flood of sign-ins cannot starve the rest (references.md D.1).

Two per core for the machine, shared out among the web processes (WEB_CONCURRENCY, gunicorn's own variable); a hash
waits its turn for two seconds, then the page 503 is answered (accounts.middleware.SaturationMiddleware).
"""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings

ATTENTE = 2.0  # seconds


class HachageSature(Exception):
    """Too many passwords are being checked: this one was not. The request is answered 503."""


def places() -> int:
    """Return how many hashes this process may make at once."""
    coeurs = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)
    return max(1, 2 * coeurs // settings.PROCESSUS_WEB)


_places = threading.BoundedSemaphore(places())


@contextmanager
def place_de_hachage() -> Iterator[None]:
    """Hold one of the places while hashing. Raises: HachageSature after two seconds in the queue."""
    if not _places.acquire(timeout=ATTENTE):
        raise HachageSature
    try:
        yield
    finally:
        _places.release()
