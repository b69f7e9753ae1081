"""Countries as people name them: a sign-in knows two letters (iptocc), a person reads « Allemagne » (R14, R15).

`pays.txt` has the usual French name of each by its code of ISO 3166-1, one a line.
"""

from functools import cache
from pathlib import Path
from typing import Final

FICHIER: Final = Path(__file__).with_suffix(".txt")


@cache
def _noms() -> dict[str, str]:
    lignes = FICHIER.read_text(encoding="utf-8").splitlines()
    return {code: nom for code, _, nom in (ligne.partition(" ") for ligne in lignes)}


def nom_du_pays(code: str) -> str:
    """Return the French name of the country of this ISO 3166-1 code; what is no such code, as it is."""
    return _noms().get(code, code)
