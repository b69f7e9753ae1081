"""The one door of typed text: forms, files, searches, the agents' pages, arguments of commands (issue 11 item 3).

What is pasted from a word processor or the web carries no-break spaces, hyphens that do not break, marks of direction and
other signs that nobody sees. Each kind of text has its form:

- a **line** (names, addresses, searches): NFKC, format and control characters dropped, white space folded to one space;
- an **identifier** (numbers, codes, references, e-mail addresses): the same, and every dash is the plain one;
- a **phrase** (what a message is about, why something is given away): a free text of one line, its apostrophes as typed;
- a **free text**: NFC, format and control characters dropped, line breaks kept; a **list**: identifiers, one a line or a cell;
- a **trust answer** goes through as it is: it has its own versioned form (accounts/saisies/reponses.py);
- a **password** never comes here: what was typed is what is hashed (accounts/mots_de_passe/hachage.py).

NUL, which the database cannot hold, and half a surrogate pair, which is no character, are refused by a rule whose message
says so: never a 500. So are, before anything is normalised, a text longer than any page takes and a pile of more than thirty
marks on one letter, of which Unicode's normal forms make minutes (accounts/saisies/normalisation.py).
"""

import re
import unicodedata
from typing import Final, Literal

from accounts.saisies.regles import RegleMetier

from .normalisation import est_empile, normaliser

LONGUEUR_LISIBLE: Final = 100_000
"""Characters: five times the longest text that a page takes, a message (`services.models.messagerie.LONGUEUR_TEXTE`)."""
# Invisible by nature though not of category Cf (Default_Ignorable_Code_Point, Unicode): fillers, variation selectors.
_IGNORABLES: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
_ILLISIBLES: Final = re.compile("[\x00\ud800-\udfff]")
_LIGNES: Final = re.compile("\r\n|[\r\v\f\x85\u2028\u2029]")
_APOSTROPHES: Final = str.maketrans(dict.fromkeys("\u2018\u2019\u2032", "'"))
# Bullets of Word and of its kin, in the private area of the fonts Symbol and Wingdings: nobody else draws them.
_PUCES: Final = str.maketrans(dict.fromkeys("\uf0b7\uf0a7\uf0d8\uf0fc\uf0a8\uf076", "•"))
# What NFKC would write with a space or a sign that no keyboard has.
_AVANT_NFKC: Final = str.maketrans(
    {"\u00b4": "'"}
    | {chr(code): f" {normaliser('NFKC', chr(code)).replace('\u2044', '/')} " for code in range(0xBC, 0xBF)}
)
_TRAITS: Final = frozenset("\u2043\u2212\u02d7")  # beside the category Pd


class TexteIllisible(RegleMetier):
    code = "texte_illisible"
    message = (
        "Ce texte contient un caractère qui ne peut pas être lu, resté sans doute d’un copier-coller : "
        "saisissez-le de nouveau au clavier."
    )


class AccentsEmpiles(TexteIllisible):
    code = "accents_empiles"
    message = (
        "Ce texte empile plus de 30 accents ou signes sur un même caractère : il ne peut pas être lu. "
        "Retirez-les, ou saisissez-le de nouveau au clavier."
    )


class TexteDemesure(TexteIllisible):
    code = "texte_demesure"
    message = "Ce texte est trop long pour être lu : 100\u202f000 caractères au plus."


def lire_ligne(saisie: str) -> str:
    """Return one line of text: a name, a line of an address, a search. Raises: TexteIllisible."""
    plat = _composer("NFKC", _visible(saisie).translate(_AVANT_NFKC))
    return " ".join(plat.translate(_APOSTROPHES).split())  # after: NFKC makes two primes of a double one


def lire_phrase(saisie: str) -> str:
    """Return one line of somebody's own words, compared by its folding alone: its signs are his. Raises: TexteIllisible."""
    return " ".join(_composer("NFC", _visible(saisie)).split())


def lire_identifiant(saisie: str) -> str:
    """Return a number, a code, a reference or an address in plain signs. Raises: TexteIllisible."""
    return "".join("-" if est_un_trait(signe) else signe for signe in lire_ligne(saisie))


def lire_texte(saisie: str) -> str:
    """Return a free text, its line breaks kept, a word processor's bullets as signs that are drawn. Raises: TexteIllisible."""
    return _composer("NFC", _visible(saisie).translate(_PUCES)).strip()


def lire_liste(saisie: str) -> str:
    """Return a list of identifiers pasted from a table, one a line. Raises: TexteIllisible."""
    _exiger_lisible(saisie)
    lignes = _LIGNES.sub("\n", saisie.replace("\t", "\n")).split("\n")
    return "\n".join(filter(None, map(lire_identifiant, lignes)))


def lire_brut(saisie: str) -> str:
    """Return a trust answer as it was typed, but for the spaces around it. Raises: TexteIllisible."""
    _exiger_lisible(saisie)
    return saisie.strip()


def lire_recherche(saisie: str, longueur: int = 100) -> str:
    """Return what is searched for, cut at so many characters. Raises: TexteIllisible."""
    return lire_ligne(saisie)[:longueur].strip()


def serrer(saisie: str) -> str:
    """Return an identifier without the spaces, dashes and dots that separate its groups. Raises: TexteIllisible."""
    return _composer("NFKC", re.sub(r"[ .-]", "", lire_identifiant(saisie)))


def _exiger_lisible(saisie: str) -> None:
    if len(saisie) > LONGUEUR_LISIBLE:
        raise TexteDemesure
    if _ILLISIBLES.search(saisie):
        raise TexteIllisible


def _composer(forme: Literal["NFC", "NFKC"], texte: str) -> str:
    """Return the text in this form; what nobody sees is gone by now, and no longer keeps the marks of a pile apart."""
    if est_empile(texte) or est_empile(compose := normaliser(forme, texte)):  # a sign may stand for two marks
        raise AccentsEmpiles
    return compose


def _visible(saisie: str) -> str:
    """Return the text without what nobody sees; line breaks are one sign, a tabulation is a space."""
    _exiger_lisible(saisie)
    texte = _IGNORABLES.sub("", _LIGNES.sub("\n", saisie).replace("\t", " "))
    return "".join(signe for signe in texte if signe == "\n" or unicodedata.category(signe) not in {"Cf", "Cc"})


def est_un_trait(signe: str) -> bool:
    """Whether this is a dash, of whatever kind."""
    return signe in _TRAITS or unicodedata.category(signe) == "Pd"
