"""Under test a hash costs next to nothing, and a refused sign-in leaves at once: the suite makes thousands of each.

Argon2 is the product's own, with its pepper, its classes and its places; its figures alone are lightened. A test of what a hash costs or of
how long an answer takes asks for `durees_vraies` (tests/conftest.py); those of tests/charge all have them.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from accounts.compteurs import debit
from accounts.mots_de_passe.hachage import Argon2Poivre, Argon2Reponse

VRAIS = {classe: (classe.time_cost, classe.memory_cost) for classe in (Argon2Poivre, Argon2Reponse)}
VRAI_PALIER = debit.PALIER
LEGER = (1, 8)  # one turn over 8 KiB, the least that Argon2 takes


def alleger() -> None:
    for classe in VRAIS:
        classe.time_cost, classe.memory_cost = LEGER
    debit.PALIER = 0.0001


@contextmanager
def durees() -> Iterator[None]:
    """Give the hashes and the refusals what they cost in production, meanwhile."""
    for classe, (tours, memoire) in VRAIS.items():
        classe.time_cost, classe.memory_cost = tours, memoire
    debit.PALIER = VRAI_PALIER
    try:
        yield
    finally:
        alleger()
