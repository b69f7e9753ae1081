"""The numéro d'abonné: 14 digits `AAAAJJJ` + 6 random + a check digit (design.md §3)."""

import re
import secrets
from datetime import date
from itertools import islice

from stdnum import luhn

from accounts.saisies.porte import TexteIllisible, serrer

GROUPES = (4, 3, 3, 3, 1)  # how it is printed, to be read aloud: « 2026 327 481 593 6 »
LONGUEUR_DU_NUMERO = sum(GROUPES)


def nouveau_numero(jour: date) -> str:
    """Return a fresh number for an espace created that day. Uniqueness is the database's to hold."""
    corps = f"{jour:%Y%j}{secrets.randbelow(10**6):06d}"
    return corps + luhn.calc_check_digit(corps)


def numero_valide(numero: str) -> bool:
    """Whether these are 14 digits with a right check digit: catches a slip before any search."""
    return bool(re.fullmatch(r"[0-9]{14}", numero)) and luhn.is_valid(numero)


def grouper_numero(texte: str) -> str:
    """Return a numéro d'abonné in its groups, « 2026 327 481 593 6 », and any other text as it is: no SIRET begins by a year of the portal."""
    if not re.fullmatch(r"20[2-9][0-9][0-3][0-9]{9}", texte):
        return texte
    signes = iter(texte)
    return " ".join("".join(islice(signes, taille)) for taille in GROUPES)


def normaliser_numero(saisie: str) -> str:
    """Return what a person typed without spaces, dashes or dots. What cannot be read is no number: the empty text."""
    try:
        return serrer(saisie)
    except TexteIllisible:
        return ""
