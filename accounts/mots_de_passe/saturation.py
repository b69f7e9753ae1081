"""A bound on the hashes made at once, so that a flood of sign-ins cannot starve the rest (references.md D.1).

Two per core for the machine, shared out among the web processes (WEB_CONCURRENCY, gunicorn's own variable); a hash
waits its turn for two seconds, then the page 503 is answered (accounts.portes.middleware.EssaisMiddleware). Inscriptions, which
anybody may send and which hash twice, have half of the places at most: signing in always finds some.
"""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings

from ..saisies.regles import RegleMetier

ATTENTE = 2.0  # seconds


class HachageSature(Exception):
    """Too many passwords are being checked: this one was not. The request is answered 503."""


class InscriptionsSaturees(RegleMetier):
    code = "inscriptions_saturees"
    statut = 503
    message = (
        "Trop d’espaces se créent en ce moment : le vôtre n’est pas encore enregistré. Patientez une minute, saisissez de "
        "nouveau votre mot de passe, puis validez : le reste de votre saisie est conservé."
    )


def places() -> int:
    """Return how many hashes this process may make at once: two at least, so that half of them leaves some."""
    coeurs = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)
    return max(2, 2 * coeurs // settings.PROCESSUS_WEB)


_places = threading.BoundedSemaphore(places())
_inscriptions = threading.BoundedSemaphore(places() // 2)


@contextmanager
def place_de_hachage() -> Iterator[None]:
    """Hold one of the places while hashing. Raises: HachageSature after two seconds in the queue."""
    if not _places.acquire(timeout=ATTENTE):
        raise HachageSature
    try:
        yield
    finally:
        _places.release()


@contextmanager
def part_des_inscriptions() -> Iterator[None]:
    """Hold one of the places that inscriptions have among them. Raises: InscriptionsSaturees, whichever place lacks."""
    if not _inscriptions.acquire(timeout=ATTENTE):
        raise InscriptionsSaturees
    try:
        yield
    except HachageSature as sature:
        raise InscriptionsSaturees from sature
    finally:
        _inscriptions.release()
