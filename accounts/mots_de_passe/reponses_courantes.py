"""The long answers that many people would think of: titles, first lines, songs, prayers, proverbs (references.md B.6.4).

Long enough for the gauge of the words, they are the first that a stranger tries.
"""

from functools import cache
from pathlib import Path

FICHIER = Path(__file__).parent.parent / "dictionnaires" / "reponses_courantes.txt"
CHIFFRES = "0123456789"


@cache
def _courantes() -> frozenset[str]:
    return frozenset(FICHIER.read_text(encoding="utf-8").split())


def est_courante(normalisee: str) -> bool:
    """Return whether this answer, as `accounts.saisies.reponses.normaliser_reponse` writes it, is one of the most expectable.

    Digits put before or after it change nothing.
    """
    return bool({normalisee, normalisee.strip(CHIFFRES)} & _courantes())
