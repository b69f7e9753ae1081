"""Lists for a spreadsheet: CSV whose cells are never taken for formulas, and XLSX (OWASP, CSV injection)."""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from typing import Final

from django.db import transaction
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font

from accounts.models import Espace
from accounts.saisies.dates import jour
from accounts.traces.journal import consigner

from .. import actes
from ..models import Habilitation
from .partage import etat_lisible

COLONNES: Final = (
    "SIREN",
    "Dénomination",
    "Code du service",
    "Service",
    "Rôle",
    "État",
    "Numéro d'abonné",
    "Nom",
    "Prénom",
    "Accordée par",
    "Accordée le",
    "Dernier jour",
    "Confirmée le",
)
FORMATS: Final = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
# What a spreadsheet may read as a formula, at the beginning of a cell or after a space, full-width forms included.
_FORMULE = re.compile(r"^\s*[=+\-@\uff1d\uff0b\uff0d\uff20|%]")


def lignes(habilitations: Iterable[Habilitation]) -> Iterator[tuple[str, ...]]:
    """Yield one row per habilitation, in the order of COLONNES; dates as `31/12/2026`."""
    for h in habilitations:
        yield (
            h.personne.siren,
            h.personne.denomination,
            h.service.code,
            h.service.libelle,
            h.get_role_display(),
            etat_lisible(h),
            h.espace.numero_abonne,
            h.espace.nom,
            h.espace.prenom,
            h.accordee_par.espace.nom_complet if h.accordee_par else "",
            jour(h.accordee_le),
            jour(h.expire_le),
            jour(h.revue_le),
        )


def neutraliser(texte: str) -> str:
    """Return the text of a CSV cell that no spreadsheet computes: control characters out, an apostrophe in front."""
    texte = " ".join(ILLEGAL_CHARACTERS_RE.sub("", texte).replace("\t", " ").split("\r"))
    texte = texte.replace("\n", " ")
    return f"'{texte}" if _FORMULE.match(texte) else texte


def en_csv(colonnes: Iterable[str], rangees: Iterable[Iterable[str]]) -> bytes:
    """Return a CSV in UTF-8 with its mark and semicolons, as French spreadsheets open it."""
    tampon = io.StringIO(newline="")
    ecrivain = csv.writer(tampon, delimiter=";", quoting=csv.QUOTE_ALL)
    ecrivain.writerow(colonnes)
    for rangee in rangees:
        ecrivain.writerow([neutraliser(cellule) for cellule in rangee])
    return b"\xef\xbb\xbf" + tampon.getvalue().encode()


def en_xlsx(titre: str, colonnes: Iterable[str], rangees: Iterable[Iterable[str]]) -> bytes:
    """Return a workbook of one sheet where every cell is text, whatever it begins with."""
    classeur = Workbook(write_only=True)
    feuille = classeur.create_sheet(titre)
    feuille.freeze_panes = "A2"
    entetes = []
    for colonne in colonnes:
        cellule = WriteOnlyCell(feuille, value=colonne)
        cellule.font = Font(bold=True)
        entetes.append(cellule)
    feuille.append(entetes)
    for rangee in rangees:
        cellules = []
        for texte in rangee:
            cellule = WriteOnlyCell(feuille, value=ILLEGAL_CHARACTERS_RE.sub("", texte))
            cellule.data_type = "s"  # openpyxl takes what begins with "=" for a formula
            cellules.append(cellule)
        feuille.append(cellules)
    tampon = io.BytesIO()
    classeur.save(tampon)
    return tampon.getvalue()


@transaction.atomic
def exporter(*, acteur: Espace, habilitations: Iterable[Habilitation], format_: str, quoi: str) -> bytes:
    """Return the file of this list, `format_` in FORMATS, and journal that it left the portal."""
    rangees = list(lignes(habilitations))
    consigner(
        actes.HABILITATIONS_EXPORTEES, auteur=acteur, details={"quoi": quoi, "format": format_, "lignes": len(rangees)}
    )
    if format_ == "xlsx":
        return en_xlsx("Habilitations", COLONNES, rangees)
    return en_csv(COLONNES, rangees)
