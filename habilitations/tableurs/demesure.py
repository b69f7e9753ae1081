"""What a workbook holds is counted before it is opened: a few kilobytes may hold millions of cells, and openpyxl would make them all."""

import zipfile
from typing import Final
from xml.parsers import expat

DECOMPRESSE: Final = 40_000_000  # bytes of all its parts
ELEMENTS: Final = 1_000_000  # of XML in all its parts: 10,000 rows of 24 columns of text, or 40 of numbers
CELLULES: Final = 16_384  # of one row, which is built whole: the columns that a spreadsheet has
_MORCEAU: Final = 65_536


class ClasseurDemesure(Exception):
    """More than a table of people holds."""


def exiger_mesure(archive: zipfile.ZipFile) -> None:
    """Read each part as far as it is XML, its entities unfolded, and keep nothing of it. Raises: ClasseurDemesure, and what zipfile raises."""
    parties = archive.infolist()
    if sum(partie.file_size for partie in parties) > DECOMPRESSE:
        raise ClasseurDemesure
    compte = _Compte()
    for partie in parties:
        lecteur = expat.ParserCreate(namespace_separator=" ")
        lecteur.StartElementHandler = compte.ouvrir
        with archive.open(partie) as flux:
            try:
                while morceau := flux.read(_MORCEAU):
                    lecteur.Parse(morceau)
            except expat.ExpatError:  # an image, or XML that is broken there: openpyxl will read no further
                continue


class _Compte:
    def __init__(self) -> None:
        self.elements = self.cellules = 0

    def ouvrir(self, nom: str, _attributs: object) -> None:
        self.elements += 1
        if nom.endswith(" row"):
            self.cellules = 0
        elif nom.endswith(" c"):
            self.cellules += 1
        if self.elements > ELEMENTS or self.cellules > CELLULES:
            raise ClasseurDemesure
