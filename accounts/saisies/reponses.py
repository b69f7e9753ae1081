"""The form in which a trust answer is hashed, by version: what was hashed by an older one can still be answered.

A form never changes: a better one is a new version. `formes_de` says which to try for a hash; an answer that was right by
an older form is hashed again by the present one (accounts/espace/oubli.py). Version 1 knew no ligature: « œ » was not « oe ».
"""

from collections.abc import Callable
from typing import Final

from .normalisation import normaliser
from .repliement import replier

VERSION: Final = 2


def _forme_1(saisie: str) -> str:
    """NFKC, no case, no accents, only letters and digits."""
    texte = normaliser("NFKD", normaliser("NFKC", saisie).casefold())
    return normaliser("NFKC", "".join(c for c in texte if c.isalnum()))


_FORMES: Final[dict[int, Callable[[str], str]]] = {1: _forme_1, 2: replier}


def normaliser_reponse(saisie: str) -> str:
    """Return the answer in the present form: no case, accents, ligatures, spaces or punctuation (references.md B.6)."""
    return _FORMES[VERSION](saisie)


def formes_de(saisie: str, version: int) -> tuple[str, str]:
    """Return the two forms to try for a hash of this version: its own, and the present one.

    A hash of the present version has but one: the same number of hashes is spent on it, so that the time says nothing.
    """
    return _FORMES[version](saisie), _FORMES[VERSION](saisie)
