"""Many PDFs written one after the other into one file, in memory that does not grow with their number.

pypdf's own writer holds every page until the end (0.25 MB a letter). Here a document's pages, and what they are made of,
are numbered anew and written at once; only where each object stands (8 bytes) and which ones are pages is remembered.
The pages are what a printer needs: outlines, tags and forms of the documents are left out. The same documents give the
same bytes.
"""

import io
from array import array
from collections.abc import Callable
from typing import Any

from pypdf import PdfReader
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject, NameObject, StreamObject

_CATALOGUE, _PAGES = 1, 2  # numbers of the two objects that are written last
_HORS_PAGE = frozenset({"/Parent", "/StructParents", "/StructParent", "/Metadata"})


class Assemblage:
    """One PDF under way: `ajouter` each document, then `finir`, once."""

    def __init__(self, ecrire: Callable[[bytes], object]) -> None:
        """`ecrire` takes the bytes in order; nothing is read back."""
        self._ecrire, self._position = ecrire, 0
        self._places = array("Q", [0, 0, 0])  # where each object begins, by its number
        self._pages = array("L")
        self._sortir(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")

    def ajouter(self, pdf: bytes) -> int:
        """Write the pages of one document and return how many it has."""
        lecteur = PdfReader(io.BytesIO(pdf))
        copie = _Copie(self._numero)
        for page in lecteur.pages:
            numero = self._numero()
            feuille = copie.recopier(page)
            feuille[NameObject("/Parent")] = IndirectObject(_PAGES, 0, None)
            self._objet(numero, feuille)
            while copie.a_ecrire:
                cible, source = copie.a_ecrire.pop()
                self._objet(cible, copie.recopier(source.get_object()))
            self._pages.append(numero)
        return len(lecteur.pages)

    def finir(self) -> None:
        """Write the tree of pages, the catalogue and the table of the objects."""
        self._ouvrir(_PAGES)
        self._sortir(f"<< /Type /Pages /Count {len(self._pages)} /Kids [".encode())
        for numero in self._pages:
            self._sortir(f"\n{numero} 0 R".encode())
        self._sortir(b" ] >>\nendobj\n")
        self._ouvrir(_CATALOGUE)
        self._sortir(f"<< /Type /Catalog /Pages {_PAGES} 0 R >>\nendobj\n".encode())
        table = self._position
        self._sortir(f"xref\n0 {len(self._places)}\n0000000000 65535 f \n".encode())
        for place in self._places[1:]:
            self._sortir(f"{place:010d} 00000 n \n".encode())
        fin = f"trailer\n<< /Size {len(self._places)} /Root {_CATALOGUE} 0 R >>\nstartxref\n{table}\n%%EOF\n"
        self._sortir(fin.encode())

    def _numero(self) -> int:
        self._places.append(0)
        return len(self._places) - 1

    def _ouvrir(self, numero: int) -> None:
        self._places[numero] = self._position
        self._sortir(f"{numero} 0 obj\n".encode())

    def _objet(self, numero: int, objet: Any) -> None:
        self._ouvrir(numero)
        flux = io.BytesIO()
        objet.write_to_stream(flux)
        self._sortir(flux.getvalue())
        self._sortir(b"\nendobj\n")

    def _sortir(self, octets: bytes) -> None:
        self._ecrire(octets)
        self._position += len(octets)


class _Copie:
    """The objects of one document under their new numbers; `a_ecrire` holds those met and not written yet."""

    def __init__(self, numero: Callable[[], int]) -> None:
        self._numero = numero
        self._connus: dict[tuple[int, int], int] = {}
        self.a_ecrire: list[tuple[int, IndirectObject]] = []

    def recopier(self, objet: Any) -> Any:
        """Return a copy of this object whose references bear the new numbers."""
        if isinstance(objet, IndirectObject):
            return self._designer(objet)
        if isinstance(objet, ArrayObject):
            return ArrayObject(self.recopier(element) for element in list.__iter__(objet))
        if not isinstance(objet, DictionaryObject):
            return objet
        copie = DictionaryObject()
        if isinstance(objet, StreamObject):
            copie = flux = StreamObject()
            flux._data = objet._data  # as it is encoded in the document
        for cle, valeur in dict.items(objet):
            if cle not in _HORS_PAGE and not (cle == "/Length" and isinstance(objet, StreamObject)):
                copie[cle] = self.recopier(valeur)
        return copie

    def _designer(self, reference: IndirectObject) -> IndirectObject:
        cle = (reference.idnum, reference.generation)
        if cle not in self._connus:
            self._connus[cle] = self._numero()
            self.a_ecrire.append((self._connus[cle], reference))
        return IndirectObject(self._connus[cle], 0, None)
