"""Reading a table as people have them: CSV of any spreadsheet, XLSX, a title above the header, columns in any order."""

import csv
import io
import itertools
import re
import warnings
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from xml.etree.ElementTree import ParseError

from openpyxl import load_workbook

from accounts.saisies.dates import jour
from accounts.saisies.regles import RegleMetier
from accounts.saisies.repliement import replier

from .demesure import ClasseurDemesure, exiger_mesure

TAILLE_DU_FICHIER: Final = (
    1_600_000  # with its form, under what a request may hold; 3,000 rights with long names are 1.3 MB of CSV
)
LIGNES: Final = 10_000
ENTETE_AVANT: Final = 30  # rows among which the header is looked for
FEUILLES: Final = 5
COLONNES_AU_PLUS: Final = 40
SEPARATEURS: Final = ";\t,|"
_SEP: Final = re.compile(rf'"?sep=([{SEPARATEURS}:~^])"?[;,\t]*\r?\n', re.IGNORECASE)
# What openpyxl and zipfile raise for a file that is not quite one: none says anything of the portal.
_XLSX_ABIME: Final = (
    zipfile.BadZipFile,
    zlib.error,
    ParseError,
    KeyError,
    ValueError,
    TypeError,
    AttributeError,
    IndexError,
    EOFError,
    NotImplementedError,
    RuntimeError,
    OSError,
)


class FichierTropGrand(RegleMetier):
    code = "fichier_trop_grand"
    message = (
        "Ce fichier est trop grand : 10 000 lignes et 1,6 Mo au plus. Enregistrez-le en classeur XLSX, bien plus léger "
        "qu’un CSV, partagez-le en plusieurs, ou n’exportez qu’une partie de la liste avec ses filtres."
    )


class FichierIllisible(RegleMetier):
    code = "fichier_illisible"
    message = (
        "Ce fichier n’est ni un classeur XLSX ni un fichier CSV lisible. Depuis votre tableur : « Enregistrer sous », "
        "puis « Classeur Excel (.xlsx) » ou « CSV UTF-8 »."
    )


class ColonnesManquantes(RegleMetier):
    code = "colonnes_manquantes"
    message = "Une ligne, au début du fichier, doit nommer les colonnes. Il manque : {manquantes}."


class ExportALire(RegleMetier):
    code = "export_a_lire"
    message = (
        "Ce fichier est {quoi} : il dit ce qui a été fait ou ce que vous tenez, et ne change aucun droit. Pour en changer, "
        "partez de vos droits déjà accordés ou d’un modèle vide, ci-dessous."
    )


# The portal's own exports that are no import: what each is, and its header, folded.
_A_LIRE: dict[str, frozenset[str]] = {}


def inscrire_a_lire(quoi: str, colonnes: Sequence[str]) -> None:
    """Say that a file with this header is this export, which only reads: whoever gives it back is told so."""
    _A_LIRE[quoi] = frozenset(map(replier, colonnes))


def exports_a_lire() -> dict[str, frozenset[str]]:
    """Return them, by what they are."""
    return dict(_A_LIRE)


@dataclass(frozen=True)
class Colonne:
    """A column that the table may have: how a message names it, and the headers it goes by, the surest first."""

    nom: str
    alias: tuple[str, ...]
    obligatoire: bool = False


@dataclass(frozen=True)
class Rangee:
    """One row under the header: its number as the spreadsheet counts, and its cells by column, trimmed."""

    numero: int
    cellules: dict[str, str]


Brute = Sequence[str]


def lire_tableau(contenu: bytes, colonnes: Mapping[str, Colonne]) -> list[Rangee]:
    """Return the rows of the table that are not empty, by the keys of `colonnes`; other columns are left out.

    Raises: FichierTropGrand, FichierIllisible, ColonnesManquantes, ExportALire.
    """
    if len(contenu) > TAILLE_DU_FICHIER:
        raise FichierTropGrand
    reconnus = {replier(alias): (cle, rang) for cle, c in colonnes.items() for rang, alias in enumerate(c.alias)}
    tables = _feuilles_xlsx(contenu) if contenu.startswith(b"PK\x03\x04") else _lectures_csv(contenu)
    meilleure: _Entete | None = None
    try:
        for table in tables:
            entete = _chercher_entete(table, reconnus, colonnes)
            if entete.manquantes:
                _refuser_a_lire(table)
                if meilleure is None or len(entete.manquantes) < len(meilleure.manquantes):
                    meilleure = entete
                continue
            return _lire_rangees(table, entete)
    except csv.Error as erreur:
        raise FichierIllisible from erreur
    if meilleure is None:
        raise FichierIllisible
    raise ColonnesManquantes(manquantes=", ".join(meilleure.manquantes))


def _refuser_a_lire(table: Sequence[Brute]) -> None:
    for rangee in itertools.islice(table, ENTETE_AVANT):
        titres = {replier(cellule) for cellule in rangee}
        for quoi, colonnes in _A_LIRE.items():
            if colonnes <= titres:
                raise ExportALire(quoi=quoi)


@dataclass(frozen=True)
class _Entete:
    rang: int
    places: dict[str, list[int]]  # by column, where it is, the surest alias first
    manquantes: list[str]


def _chercher_entete(
    table: Sequence[Brute], reconnus: Mapping[str, tuple[str, int]], colonnes: Mapping[str, Colonne]
) -> _Entete:
    """Return the row that names the most columns wanted, the first of them when there are several."""
    meilleure = _Entete(-1, {}, [c.nom for c in colonnes.values() if c.obligatoire])
    for rang, rangee in enumerate(itertools.islice(table, ENTETE_AVANT)):
        trouvees = sorted(
            (reconnus[titre][1], place, reconnus[titre][0])
            for place, cellule in enumerate(rangee)
            if (titre := replier(cellule)) in reconnus
        )
        places: dict[str, list[int]] = {}
        for _, place, cle in trouvees:
            places.setdefault(cle, []).append(place)
        manquantes = [c.nom for cle, c in colonnes.items() if c.obligatoire and cle not in places]
        if len(manquantes) < len(meilleure.manquantes):
            meilleure = _Entete(rang, places, manquantes)
    return meilleure


def _lire_rangees(table: Sequence[Brute], entete: _Entete) -> list[Rangee]:
    lues = []
    for numero, rangee in enumerate(table[entete.rang + 1 :], entete.rang + 2):
        if not any(rangee):
            continue
        cellules = {
            cle: next((rangee[place] for place in places if place < len(rangee) and rangee[place]), "")
            for cle, places in entete.places.items()
        }
        if any(cellules.values()):
            lues.append(Rangee(numero, cellules))
        if len(lues) > LIGNES:
            raise FichierTropGrand
    return lues


def _lectures_csv(contenu: bytes) -> Iterator[list[Brute]]:
    """Yield the file as each separator parts it, the one that it declares alone when it does (`sep=;`)."""
    texte = _decoder(contenu)
    separateurs: Iterable[str] = sorted(SEPARATEURS, key=texte[:5000].count, reverse=True)
    if declare := _SEP.match(texte):  # Excel hides this line and does not count it
        separateurs, texte = [declare[1]], texte[declare.end() :]
    faute: csv.Error | None = None
    for rang, separateur in enumerate(separateurs):
        try:
            lecteur = csv.reader(io.StringIO(texte, newline=""), delimiter=separateur, strict=True)
            table: list[Brute] = [[cellule.strip() for cellule in rangee] for rangee in lecteur]
        except csv.Error as erreur:
            if rang == 0:  # the separator that the file seems to have: when no other does, this is what is wrong
                faute = erreur
            continue
        yield table
    if faute is not None:
        raise faute


def _decoder(contenu: bytes) -> str:
    encodages: tuple[str, ...] = ("utf-8-sig", "cp1252")
    if contenu[:2] in (b"\xff\xfe", b"\xfe\xff"):  # « Texte Unicode » of Excel
        encodages = ("utf-16",)
    elif b"\x00" in contenu:
        raise FichierIllisible
    for encodage in encodages:
        try:
            texte = contenu.decode(encodage)
        except UnicodeDecodeError:
            continue
        if "\x00" not in texte:
            return texte
    raise FichierIllisible


def _feuilles_xlsx(contenu: bytes) -> Iterator[list[Brute]]:
    """Yield the first sheets of a workbook, each cell as the text that a person sees in it."""
    try:
        with zipfile.ZipFile(io.BytesIO(contenu)) as archive:
            exiger_mesure(archive)
        with _sans_avertissement():
            feuilles = load_workbook(io.BytesIO(contenu), read_only=True, data_only=True).worksheets[:FEUILLES]
    except ClasseurDemesure as erreur:
        raise FichierTropGrand from erreur
    except _XLSX_ABIME as erreur:
        raise FichierIllisible from erreur
    for feuille in feuilles:
        try:
            with _sans_avertissement():
                feuille.reset_dimensions()  # what the file says of its own size is not always so
                bornee = feuille.iter_rows(
                    max_row=LIGNES + ENTETE_AVANT + 2, max_col=COLONNES_AU_PLUS, values_only=True
                )
                rangees: list[Brute] = [[_texte(valeur) for valeur in rangee] for rangee in bornee]
        except _XLSX_ABIME as erreur:
            raise FichierIllisible from erreur
        yield rangees


@contextmanager
def _sans_avertissement() -> Iterator[None]:
    """What openpyxl leaves out of a workbook is no concern of the person: it warns of it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _texte(valeur: Any) -> str:
    match valeur:
        case None:
            return ""
        case bool():
            return "VRAI" if valeur else "FAUX"
        case datetime():  # without a zone: the day that the cell says
            return jour(valeur.date())
        case date():
            return jour(valeur)
        case float() if valeur.is_integer() and abs(valeur) < 2**53:
            return str(int(valeur))
        case _:
            return str(valeur).strip()
