"""Tables for a spreadsheet: XLSX whose cells are all text, CSV whose cells it neither computes nor recounts (OWASP).

A spreadsheet takes a bare number for a quantity: opened and saved by LibreOffice in French, « 005410220 » is 5410220,
and so it is with spaces between the groups; an IDSP such as 12345E678 becomes 1,79769313486232E+308. An apostrophe in
front keeps them as they are, in LibreOffice and in Excel, and the import takes it away.
"""

import csv
import io
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import IO, Final
from xml.sax.saxutils import escape

FORMATS: Final = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
MARQUE: Final = b"\xef\xbb\xbf"  # by which a French spreadsheet knows UTF-8
PAR_MORCEAU: Final = 500
# What a spreadsheet may read as a formula, at the beginning of a cell or after a space, full-width forms included.
_FORMULE: Final = re.compile(r"^\s*[=+\-@\uff1d\uff0b\uff0d\uff20|%]")
# What it would recount: a zero in front, five digits or more, a power of ten.
_NOMBRE: Final = re.compile(r"\s*(?:0[\d\s.,]+|\d[\d\s.,]{4,}|\d[\d.,]*[eE][+-]?\d+)\s*")
_HORS_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ESPACE: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_DOCUMENTS: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PAQUETS: Final = "http://schemas.openxmlformats.org/package/2006"
_GENRES: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_ENTETE: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
# Cell formats: 0 as Excel asks, 1 the headers, 2 text (49 is « @ »): what is typed under the last row stays text too.
_STYLES: Final = (
    f'{_ENTETE}<styleSheet xmlns="{_ESPACE}"><fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
    '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts><fills count="2"><fill><patternFill patternType="none"/>'
    '</fill><fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border><left/><right/><top/>'
    '<bottom/><diagonal/></border></borders><cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/>'
    '</cellStyleXfs><cellXfs count="3"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="49" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1" applyNumberFormat="1"/>'
    '<xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)


@dataclass(frozen=True)
class Feuille:
    """One sheet of a workbook: its title, its columns, its rows of text."""

    titre: str
    colonnes: tuple[str, ...]
    rangees: Iterable[Iterable[str]]


def neutraliser(texte: str) -> str:
    """Return the text of a CSV cell that no spreadsheet computes or recounts: one line, an apostrophe in front."""
    texte = " ".join(_sans_controle(texte).replace("\t", " ").split("\r"))
    texte = texte.replace("\n", " ")
    return f"'{texte}" if _FORMULE.match(texte) or _NOMBRE.fullmatch(texte) else texte


def morceaux_csv(colonnes: Iterable[str], rangees: Iterable[Iterable[str]]) -> Iterator[bytes]:
    """Yield a CSV in UTF-8 with its mark and semicolons, as French spreadsheets open it, some hundred rows at a time."""
    tampon = io.StringIO(newline="")
    ecrivain = csv.writer(tampon, delimiter=";", quoting=csv.QUOTE_ALL)
    ecrivain.writerow(colonnes)
    yield MARQUE
    for rang, rangee in enumerate(rangees, 1):
        ecrivain.writerow([neutraliser(cellule) for cellule in rangee])
        if rang % PAR_MORCEAU == 0:
            yield tampon.getvalue().encode()
            tampon.seek(0)
            tampon.truncate()
    yield tampon.getvalue().encode()


def en_csv(colonnes: Iterable[str], rangees: Iterable[Iterable[str]]) -> bytes:
    """Return the same, whole."""
    return b"".join(morceaux_csv(colonnes, rangees))


def ecrire_xlsx(sortie: IO[bytes], *feuilles: Feuille, avancer: Callable[[int], None] = lambda nombre: None) -> None:
    """Write a workbook where every cell is text, row by row: its size does not count in memory.

    `avancer` is told now and then how many rows are written. Written here rather than by openpyxl, which takes half a
    minute for 70,000 rows.
    """
    with zipfile.ZipFile(sortie, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as archive:
        for nom, contenu in _parties(feuilles):
            archive.writestr(nom, contenu)
        for rang, feuille in enumerate(feuilles, 1):
            with archive.open(f"xl/worksheets/sheet{rang}.xml", "w") as partie:
                _ecrire_feuille(partie, feuille, avancer)


def en_xlsx(titre: str, colonnes: Iterable[str], rangees: Iterable[Iterable[str]]) -> bytes:
    """Return a workbook of one sheet where every cell is text, whatever it begins with."""
    tampon = io.BytesIO()
    ecrire_xlsx(tampon, Feuille(titre, tuple(colonnes), rangees))
    return tampon.getvalue()


def _sans_controle(texte: str) -> str:
    return _HORS_XML.sub("", texte)


def _rangee(cellules: Iterable[str], style: int) -> str:
    ecrites = (
        f'<c s="{style}" t="inlineStr"><is><t xml:space="preserve">{escape(_sans_controle(cellule))}</t></is></c>'
        if cellule
        else f'<c s="{style}"/>'
        for cellule in cellules
    )
    return f"<row>{''.join(ecrites)}</row>"


def _ecrire_feuille(partie: IO[bytes], feuille: Feuille, avancer: Callable[[int], None]) -> None:
    largeurs = "".join(
        f'<col min="{rang}" max="{rang}" width="{max(14, len(colonne) + 4)}" style="2" customWidth="1"/>'
        for rang, colonne in enumerate(feuille.colonnes, 1)
    )
    partie.write(
        f'{_ENTETE}<worksheet xmlns="{_ESPACE}"><sheetViews><sheetView workbookViewId="0"><pane ySplit="1" '
        'topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
        f"<cols>{largeurs}</cols><sheetData>{_rangee(feuille.colonnes, 1)}".encode()
    )
    morceau: list[str] = []
    rang = 0
    for rang, rangee in enumerate(feuille.rangees, 1):
        morceau.append(_rangee(rangee, 2))
        if rang % PAR_MORCEAU == 0:
            partie.write("".join(morceau).encode())
            morceau.clear()
            avancer(rang)
    partie.write("".join(morceau).encode())
    avancer(rang)
    # Digits written as text are what is wanted: no green corner on each of them.
    bas = max(rang + 1, 2)
    partie.write(
        f'</sheetData><ignoredErrors><ignoredError sqref="A1:{_lettre(len(feuille.colonnes))}{bas}" '
        'numberStoredAsText="1"/></ignoredErrors></worksheet>'.encode()
    )


def _lettre(rang: int) -> str:
    return chr(64 + rang) if rang <= 26 else "Z"


def _parties(feuilles: tuple[Feuille, ...]) -> Iterator[tuple[str, str]]:
    """Yield the parts of the workbook beside its sheets."""
    rangs = range(1, len(feuilles) + 1)
    feuilles_declarees = "".join(
        f'<Override PartName="/xl/worksheets/sheet{rang}.xml" ContentType="{_GENRES}.worksheet+xml"/>' for rang in rangs
    )
    yield (
        "[Content_Types].xml",
        f'{_ENTETE}<Types xmlns="{_PAQUETS}/content-types"><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" '
        f'ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="{_GENRES}.sheet.main+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{_GENRES}.styles+xml"/>{feuilles_declarees}</Types>',
    )
    yield (
        "_rels/.rels",
        f'{_ENTETE}<Relationships xmlns="{_PAQUETS}/relationships"><Relationship Id="rId1" '
        f'Type="{_DOCUMENTS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    )
    noms = "".join(
        f'<sheet name="{escape(feuille.titre)}" sheetId="{rang}" r:id="rId{rang}"/>'
        for rang, feuille in enumerate(feuilles, 1)
    )
    yield (
        "xl/workbook.xml",
        f'{_ENTETE}<workbook xmlns="{_ESPACE}" xmlns:r="{_DOCUMENTS}"><sheets>{noms}</sheets></workbook>',
    )
    liens = "".join(
        f'<Relationship Id="rId{rang}" Type="{_DOCUMENTS}/worksheet" Target="worksheets/sheet{rang}.xml"/>'
        for rang in rangs
    )
    yield (
        "xl/_rels/workbook.xml.rels",
        f'{_ENTETE}<Relationships xmlns="{_PAQUETS}/relationships">{liens}<Relationship Id="rId{len(feuilles) + 1}" '
        f'Type="{_DOCUMENTS}/styles" Target="styles.xml"/></Relationships>',
    )
    yield "xl/styles.xml", _STYLES
