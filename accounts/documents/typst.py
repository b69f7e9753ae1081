"""The documents the portal prints: a Typst template and plain data in, a tagged PDF (PDF/UA-1) out.

Data reaches the template as JSON, never as markup, so nothing a person typed is ever read as Typst. No network, no
system font, no clock: the same data give the same bytes, so a letter produced twice after a crash is the same letter.
"""

import json
import threading
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

import typst

from ..saisies.normalisation import normaliser

RACINE = Path(__file__).resolve().parent.parent.parent
"""Typst reads no file outside this folder; templates name each other from it (`/accounts/gabarits/papier.typ`)."""

GLYPHE_ABSENT = "□"
"""What stands in a document for a character that no embedded font can draw (emoji, Chinese…)."""

ESPACE_INSECABLE = "\N{NO-BREAK SPACE}"
_INSECABLES = ESPACE_INSECABLE + "\N{NARROW NO-BREAK SPACE}"

_MOIS = (
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
)
_JOURS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
_GLYPHE_REFUSE = "could not be displayed with font"
_DERNIER_LATIN = "\u017f"
"""Up to here (Latin-1, Latin Extended-A) the embedded fonts draw everything; a test holds it."""
_TYPOGRAPHIE = frozenset("–—‘’“”…€\u202f" + GLYPHE_ABSENT)
"""Beyond it, what French typography needs, and the fonts draw too."""


@dataclass(frozen=True, slots=True)
class Contact:
    """The service gestionnaire as a document shows it: whom to write to, whom to call."""

    nom: str
    adresse: tuple[str, ...] = ()
    telephone: str = ""
    courriel: str = ""
    horaires: str = ""


def composer_pdf(modele: Path, donnees: Mapping[str, object]) -> bytes:
    """Compose the template `modele` with `donnees` and return the bytes of a tagged PDF (PDF/UA-1), in French.

    `donnees` holds what JSON holds, and dates; its key `date_document` (a date) becomes the date of creation written
    in the file. Control and direction characters are taken out of every text, and a character that no embedded font
    draws becomes `GLYPHE_ABSENT`: a name can neither break nor disguise a document. Safe to call from several threads.

    Raises: KeyError without `date_document`; typst.TypstError when the template itself is wrong.
    """
    jour = donnees["date_document"]
    if not isinstance(jour, date):
        raise TypeError("date_document must be a date")
    instant = datetime(jour.year, jour.month, jour.day, tzinfo=UTC)
    propres = _nettoyer(
        donnees, cache(texte_propre)
    )  # the same names come back line after line; kept for this document alone
    try:
        return _compiler(modele, propres, instant)
    except typst.TypstError as erreur:
        if _GLYPHE_REFUSE not in str(erreur):
            raise
    try:
        return _compiler(modele, _remplacer(propres, seulement_absents=True), instant)
    except typst.TypstError as erreur:  # each character can be drawn alone, but not this cluster of them
        if _GLYPHE_REFUSE not in str(erreur):
            raise
    return _compiler(modele, _remplacer(propres, seulement_absents=False), instant)


def date_longue(jour: date, *, avec_jour: bool = False) -> str:
    """Return `jour` as French letters write it: « 1er janvier 2027 », « vendredi 22 janvier 2027 »."""
    quantieme = "1er" if jour.day == 1 else str(jour.day)
    longue = ESPACE_INSECABLE.join((quantieme, _MOIS[jour.month - 1], str(jour.year)))
    return f"{_JOURS[jour.weekday()]}{ESPACE_INSECABLE}{longue}" if avec_jour else longue


def grouper(chiffres: str, tailles: Sequence[int]) -> str:
    """Return `chiffres` in groups of the given sizes, kept on one line; as it is if its length is another."""
    if len(chiffres) != sum(tailles):
        return chiffres
    groupes, debut = [], 0
    for taille in tailles:
        groupes.append(chiffres[debut : debut + taille])
        debut += taille
    return ESPACE_INSECABLE.join(groupes)


def siren_lisible(siren: str) -> str:
    """Return nine digits as « 552 100 554 »; another identifier (IDSP) as it is."""
    return grouper(siren, (3, 3, 3))


def texte_propre(texte: str) -> str:
    """Return `texte` on one line, composed (NFC), without control, direction, private or unassigned characters."""
    visible = "".join(
        " " if caractere.isspace() and caractere not in _INSECABLES else caractere
        for caractere in normaliser("NFC", texte)
        if caractere.isspace() or not unicodedata.category(caractere).startswith("C")
    )
    return " ".join(mot for mot in visible.split(" ") if mot)


def _nettoyer(valeur: object, propre: Callable[[str], str]) -> object:
    """Return `valeur` ready for JSON: texts cleaned, dates in ISO form, sequences as lists."""
    match valeur:
        case str():
            return propre(valeur)
        case date():
            return f"{valeur:%Y-%m-%d}"
        case Mapping():
            return {cle: _nettoyer(contenu, propre) for cle, contenu in valeur.items()}
        case list() | tuple():
            return [_nettoyer(contenu, propre) for contenu in valeur]
        case _:
            return valeur


def _remplacer(valeur: object, *, seulement_absents: bool) -> object:
    """Return cleaned data with `GLYPHE_ABSENT` for what has no glyph, or for all that is beyond the Latin alphabets."""
    match valeur:
        case str():
            return "".join(
                GLYPHE_ABSENT
                if caractere > _DERNIER_LATIN
                and caractere not in _TYPOGRAPHIE
                and not (seulement_absents and _a_un_glyphe(caractere))
                else caractere
                for caractere in valeur
            )
        case dict():
            return {cle: _remplacer(contenu, seulement_absents=seulement_absents) for cle, contenu in valeur.items()}
        case list():
            return [_remplacer(contenu, seulement_absents=seulement_absents) for contenu in valeur]
        case _:
            return valeur


@cache
def _polices() -> typst.Fonts:
    """The fonts inside Typst's wheel, and only these: a machine's own fonts must not change a letter."""
    return typst.Fonts(include_system_fonts=False)


@cache
def _a_un_glyphe(caractere: str) -> bool:
    """Tell whether one of the embedded fonts draws `caractere` (asked of Typst itself, once per process)."""
    source = (
        b'#set document(title: "glyphe")\n'
        b'#set text(font: ("Libertinus Serif", "DejaVu Sans Mono"))\n'
        b"#json(bytes(sys.inputs.donnees))"
    )
    try:
        typst.compile(
            source, font_paths=_polices(), sys_inputs={"donnees": json.dumps(caractere)}, pdf_standards=["ua-1"]
        )
    except typst.TypstError:
        return False
    return True


_UN_A_LA_FOIS = threading.Lock()


def _compiler(modele: Path, donnees: object, instant: datetime) -> bytes:
    """Run Typst on cleaned data and return the PDF."""
    with _UN_A_LA_FOIS:
        pdf = typst.compile(
            modele,
            root=RACINE,
            font_paths=_polices(),
            ignore_system_fonts=True,
            sys_inputs={"donnees": json.dumps(donnees, ensure_ascii=False, sort_keys=True)},
            pdf_standards=["ua-1"],
            timestamp=instant,
            format="pdf",
        )
    if not isinstance(pdf, bytes):
        raise TypeError("Typst returned no single PDF")
    return pdf
