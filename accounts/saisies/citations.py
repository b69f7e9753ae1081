"""What a person writes and another reads: one line, quoted where it stands alone, and never a link (design.md §8).

A mail reader makes a link of anything that looks like one, so that escaping HTML is not enough: the text itself must not
look like an address. It stays readable: `evil.example` becomes `evil. example`.
"""

import re
import unicodedata
from collections.abc import Collection
from typing import Any

_PROTOCOLE = re.compile(r"\b[a-z][a-z0-9+.-]{1,20}:/{1,}|\b(?:mailto|tel|sms|javascript|data):", re.IGNORECASE)
# A dot, or what a mail reader takes for one, between two signs of a name, the second part beginning with a letter.
_POINT = re.compile(r"(?<=\w)[.\u2024\u3002\uff0e\uff61](?=[^\W\d_])")
_ARROBE = re.compile(r"(?<=\S)@(?=\S)")
_TOUJOURS = re.compile(r"[^\S\u00a0\u202f]+")  # a space that does not break is ours: what is typed has none (porte.py)


def une_ligne(texte: str) -> str:
    """Return `texte` on one line, without control, format or direction characters."""
    visible = "".join(" " if unicodedata.category(c) in {"Cc", "Zl", "Zp"} else c for c in texte)
    return _TOUJOURS.sub(" ", "".join(c for c in visible if not unicodedata.category(c).startswith("C"))).strip()


def sans_lien(texte: str) -> str:
    """Return `texte` on one line, with nothing left that a reader's programme would make a link of."""
    texte = une_ligne(texte)
    while (apres := _PROTOCOLE.sub("", texte)) != texte:
        texte = apres
    return _ARROBE.sub(" @ ", _POINT.sub(". ", texte)).replace("//", "/ /")


def citer(texte: str) -> str:
    """Return what a person wrote as it is quoted to another: « … », on one line, without links."""
    return f"«\u00a0{sans_lien(texte)}\u00a0»"


def contexte_sans_lien(valeur: Any, sauf: Collection[str] = ()) -> Any:
    """Return JSON values whose texts hold no link; the values of the keys `sauf` are addresses, and stay."""
    match valeur:
        case str():
            return sans_lien(valeur)
        case dict():
            return {cle: v if cle in sauf else contexte_sans_lien(v, sauf) for cle, v in valeur.items()}
        case list() | tuple():
            return [contexte_sans_lien(v, sauf) for v in valeur]
        case _:
            return valeur
