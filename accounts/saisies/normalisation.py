"""The one place where a text is put in a normal form of Unicode: in a time that grows as the text does, whoever wrote it.

`unicodedata.normalize` puts the marks that follow a letter in order by insertion: k marks of mixed classes cost k², and sixty
kilobytes of them held a process for seconds. No text has a use for more than thirty in a row: that is what the Stream-Safe Text
Format lets through (UAX #15, section 13). What reads typed text refuses more (accounts/saisies/porte.py); what only compares
cuts them here. `unicodedata.normalize` stands nowhere else (tests/accounts/saisies/test_normalisation.py).
"""

import re
import unicodedata
from typing import Final, Literal

MARQUES_DE_SUITE: Final = 30
"""UAX #15, section 13.1 (Stream-Safe Text Format)."""
SECRET_NORMALISE: Final = 4_096
"""Characters: a password is read up to 1,024 (accounts/forms/champs.py), an answer folded from 200 is far below."""

_PREMIERE, _DERNIERE = 0x0300, 0x1FFFF  # no mark stands before, nor, assigned today, after


def _marques() -> str:
    """Return the class of what stands after a letter once the text is taken apart: 922 marks, and five signs made of them."""
    ranges: list[list[int]] = []
    for code in range(_PREMIERE, _DERNIERE + 1):
        if unicodedata.combining(unicodedata.normalize("NFKD", chr(code))[0]):
            if ranges and ranges[-1][1] == code - 1:
                ranges[-1][1] = code
            else:
                ranges.append([code, code])
    return "[" + "".join(f"\\U{debut:08x}-\\U{fin:08x}" for debut, fin in ranges) + "]"


_MARQUE: Final = _marques()
_MARQUES: Final = re.compile(_MARQUE)
_EMPILEES: Final = re.compile(f"{_MARQUE}{{{MARQUES_DE_SUITE + 1}}}")
_EN_TROP: Final = re.compile(f"({_MARQUE}{{{MARQUES_DE_SUITE}}}){_MARQUE}+")


def est_empile(texte: str) -> bool:
    """Whether more than MARQUES_DE_SUITE marks follow each other somewhere."""
    return not texte.isascii() and _EMPILEES.search(texte) is not None


def desempiler(texte: str) -> str:
    """Return the text with the first MARQUES_DE_SUITE of each run of marks."""
    return texte if texte.isascii() else _EN_TROP.sub(r"\1", texte)


def sans_marques(texte: str) -> str:
    """Return the text without the marks that follow its letters; a letter that holds its accent keeps it."""
    return _MARQUES.sub("", texte)


def normaliser(forme: Literal["NFC", "NFD", "NFKC", "NFKD"], texte: str) -> str:
    """Return the text in this form; of a run of marks, the first MARQUES_DE_SUITE alone."""
    return texte if texte.isascii() else unicodedata.normalize(forme, desempiler(texte))


def normaliser_secret(texte: str) -> str:
    """Return a password in NFKC, to its last sign; one longer than any that is read is left as it is."""
    return texte if texte.isascii() or len(texte) > SECRET_NORMALISE else unicodedata.normalize("NFKC", texte)
