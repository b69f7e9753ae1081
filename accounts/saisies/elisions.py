"""« de » and « que » before a name: the French elide them before a vowel, and before an h that is not aspirated.

No rule tells which h is: the first names and the trades that have a mute one are listed, any other is taken for aspirated.
"""

import re
import unicodedata
from typing import Final

from .normalisation import normaliser

VOYELLES: Final = frozenset("aeiou")
H_MUETS: Final = frozenset(
    {
        *(
            "helene",
            "helena",
            "helie",
            "heloise",
            "henri",
            "henriette",
            "henry",
            "herbert",
            "hermine",
            "herve",
            "hilaire",
        ),
        *("hilda", "hippolyte", "honore", "honorine", "horace", "hortense", "hubert", "hugo", "hugues", "huguette"),
        *(
            "humbert",
            "hyacinthe",
            "habitat",
            "habitation",
            "habitations",
            "harmonie",
            "herbier",
            "herboristerie",
            "heritage",
        ),
        *(
            "heures",
            "histoire",
            "horizon",
            "horizons",
            "horloger",
            "horlogerie",
            "horticole",
            "horticulture",
            "hospice",
        ),
        *(
            "hotel",
            "hotels",
            "hotellerie",
            "huile",
            "huilerie",
            "huiles",
            "huissier",
            "huitre",
            "huitres",
            "hydraulique",
        ),
        *("hygiene", "hypermarche", "hypotheque", "hopital"),
    }
)
NON_ELIDES: Final = frozenset({"onze", "oui", "uhlan", "ouistiti", "ululement"})
_MOT: Final = re.compile(r"[a-z]+")


def _s_elide(nom: str) -> bool:
    nu = normaliser("NFKD", nom.replace("œ", "oe").replace("Œ", "oe").replace("æ", "ae").replace("Æ", "ae"))
    trouve = _MOT.match("".join(signe for signe in nu if not unicodedata.combining(signe)).lower())
    if trouve is None:
        return False
    mot = trouve[0]
    if mot[0] == "h":
        return mot in H_MUETS
    if mot[0] == "y":  # d’Yves, de Yannick
        return mot[1:2] not in {*VOYELLES, ""}
    return mot[0] in VOYELLES and mot not in NON_ELIDES


def elide(mot: str, nom: str) -> str:
    """Return what stands before this name: « de » or « que » with its space, or « d’ », « qu’ »."""
    return f"{mot[:-1]}’" if _s_elide(nom) else f"{mot} "


def de(nom: object) -> str:
    """Return « de Karine », « d’Inès »."""
    return f"{elide('de', str(nom))}{nom}"


def que(nom: object) -> str:
    """Return « que Karine », « qu’Inès »."""
    return f"{elide('que', str(nom))}{nom}"
