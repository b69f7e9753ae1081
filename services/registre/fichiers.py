"""The documented files that an operator hands over beside INSEE's: représentants légaux, and IDSP that have a SIREN.

CSV as a spreadsheet saves it: `;`, `,` or tabs, UTF-8 or Windows-1252, headers compared without case, accents, spaces
or punctuation, unknown columns ignored. Read one record at a time, in constant memory.
"""

import csv
import io
import re
from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

from accounts.saisies.porte import TexteIllisible, lire_ligne
from accounts.saisies.regles import RegleMetier
from accounts.saisies.repliement import replier

from ..fichiers_insee import FichierInsee, Rejet

TETE = 64 * 1024
DATES = ("%d/%m/%Y", "%Y-%m-%d", "%d-%m-%Y", "%d.%m.%Y", "%d/%m/%y", "%d-%m-%y", "%d.%m.%y")


class DateIllisible(RegleMetier):
    code = "date_du_fichier_illisible"
    message = "date illisible (31/12/2026 ou 2026-12-31 attendu)"


def lire_date(texte: str) -> date | None:
    """Return a day as a spreadsheet writes it, None for an empty cell. Raises: DateIllisible."""
    if not texte:
        return None
    for forme in DATES:
        try:
            return datetime.strptime(texte, forme).date()  # noqa: DTZ007 - a day has no time zone
        except ValueError:
            continue
    raise DateIllisible


def lire_enregistrements(
    fichier: Path, *, colonnes: dict[str, tuple[str, ...]], requises: set[str], sur_rejet: Callable[[Rejet], None]
) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the line and the cells of each record, by the name that `colonnes` gives to its headers.

    Raises: FichierInsee, for a file that cannot be read or lacks a column of `requises`.
    """
    try:
        with fichier.open("rb") as brut:
            tete = brut.read(TETE)
            brut.seek(0)
            flux = io.TextIOWrapper(brut, encoding=_encodage(fichier), errors="strict", newline="")
            lecteur = csv.reader(flux, delimiter=_separateur(tete))
            yield from _lire(fichier, lecteur, colonnes, requises, sur_rejet)
    except (OSError, UnicodeError, csv.Error) as erreur:
        raise FichierInsee(fichier=fichier, raison=str(erreur)) from erreur


def _lire(
    fichier: Path,
    lecteur: Any,  # what csv.reader returns has no public name
    colonnes: dict[str, tuple[str, ...]],
    requises: set[str],
    sur_rejet: Callable[[Rejet], None],
) -> Iterator[tuple[int, dict[str, str]]]:
    noms = {replier(alias): nom for nom, alias_du_nom in colonnes.items() for alias in alias_du_nom}
    rangs: dict[str, int] = {}
    for cellules in lecteur:
        rangs = {noms[cle]: rang for rang, cle in enumerate(map(replier, cellules)) if cle in noms}
        if rangs or any(cellule.strip() and not cellule.startswith("sep=") for cellule in cellules):
            break
    if manquantes := sorted(requises - rangs.keys()):
        raise FichierInsee(fichier=fichier, raison=f"la colonne « {manquantes[0]} » manque")
    for cellules in lecteur:
        if not any(cellule.strip() for cellule in cellules):
            continue
        try:
            valeurs = {nom: lire_ligne(cellules[rang]) if rang < len(cellules) else "" for nom, rang in rangs.items()}
        except TexteIllisible:  # in UTF-8 or Windows-1252, NUL is all that the door refuses
            sur_rejet(Rejet(fichier.name, lecteur.line_num, "", "caractère NUL"))
            continue
        yield lecteur.line_num, {nom: valeurs.get(nom, "") for nom in colonnes}


def _encodage(fichier: Path) -> str:
    """Return UTF-8 where the whole file is UTF-8, else the encoding of French spreadsheets."""
    try:
        with fichier.open(encoding="utf-8-sig") as flux:
            while flux.read(TETE):
                pass
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8-sig"


def _separateur(tete: bytes) -> str:
    """Return what parts the cells: what the first lines hold most of."""
    lignes = re.split(rb"[\r\n]+", tete)[:5]
    return max((";", ",", "\t"), key=lambda signe: sum(ligne.count(signe.encode()) for ligne in lignes))
