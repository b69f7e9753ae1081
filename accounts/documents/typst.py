"""The documents the portal prints: a Typst template and plain data in, a tagged PDF (PDF/UA-1) out.

Data reaches the template as JSON, never as markup, so nothing a person typed is ever read as Typst. No network, no
system font, no clock: the same data give the same bytes, so a letter produced twice after a crash is the same letter.
"""

import json
import threading
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Final

import typst

from ..saisies.normalisation import normaliser
from ..saisies.regles import RegleMetier
from .glyphes import DERNIER_LATIN, se_dessine

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
_TYPOGRAPHIE = frozenset("–—‘’“”…€\u202f" + GLYPHE_ABSENT)
"""Beyond the Latin alphabets, what French typography needs, and the fonts draw too."""


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

    Raises: CompositionOccupee, which a page that lets it through answers 503; KeyError without `date_document`; typst.TypstError when the template itself is wrong.
    """
    jour = donnees["date_document"]
    if not isinstance(jour, date):
        raise TypeError("date_document must be a date")
    instant = datetime(jour.year, jour.month, jour.day, tzinfo=UTC)
    propres = _nettoyer(
        donnees, cache(texte_propre)
    )  # the same names come back line after line; kept for this document alone
    with _sa_place():
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
            if valeur.isascii():
                return valeur
            return "".join(
                GLYPHE_ABSENT
                if caractere > DERNIER_LATIN
                and caractere not in _TYPOGRAPHIE
                and not (seulement_absents and se_dessine(caractere))
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


PLACES: Final = 3
"""Documents that a process composes or has wait: one is composed at a time, so that its memory is that of one, and threads are left."""
ATTENTE: Final = 5.0  # seconds: the longest document takes three of processor
_LONG: Final = 5_000  # characters of data
_OUBLIS: Final = 11
"""Typst keeps what it laid out through ten more documents: 60 MB each, 780 in all, were they long exchanges (30 November 2026)."""
_VIDE: Final = b'#set document(title: "-")\n-'
_places = threading.BoundedSemaphore(PLACES)
_un_a_la_fois = threading.Lock()


class CompositionOccupee(RegleMetier):
    code = "composition_occupee"
    statut = 503
    message = "Le portail compose déjà d’autres documents. Réessayez dans une minute."


@contextmanager
def _sa_place() -> Iterator[None]:
    """Hold the composition. Raises: CompositionOccupee, at once where others wait already, else after ATTENTE."""
    if not _places.acquire(blocking=False):
        raise CompositionOccupee
    try:
        if not _un_a_la_fois.acquire(timeout=ATTENTE):
            raise CompositionOccupee
        try:
            yield
        finally:
            _un_a_la_fois.release()
    finally:
        _places.release()


def _oublier() -> None:
    """Have Typst let go of what it kept of a long document; a hundredth of a second, and what freeing takes."""
    for _ in range(_OUBLIS):
        typst.compile(_VIDE, font_paths=_polices(), ignore_system_fonts=True)


def _compiler(modele: Path, donnees: object, instant: datetime) -> bytes:
    """Run Typst on cleaned data and return the PDF."""
    donnees_lues = json.dumps(donnees, ensure_ascii=False, sort_keys=True)
    try:
        pdf = typst.compile(
            modele,
            root=RACINE,
            font_paths=_polices(),
            ignore_system_fonts=True,
            sys_inputs={"donnees": donnees_lues},
            pdf_standards=["ua-1"],
            timestamp=instant,
            format="pdf",
        )
    finally:
        if len(donnees_lues) > _LONG:
            _oublier()
    if not isinstance(pdf, bytes):
        raise TypeError("Typst returned no single PDF")
    return pdf
