"""PDFs written one after the other: each page as it was, in memory that does not grow (issue 12.4)."""

import gc
import io
import tracemalloc
from collections.abc import Iterator
from itertools import repeat

import pytest
from pypdf import PdfReader

from activation.courriers.assemblage import Assemblage
from activation.courriers.lettre import produire
from tests.activation import scenes


def assembler(documents: Iterator[bytes]) -> PdfReader:
    flux = io.BytesIO()
    assemblage = Assemblage(flux.write)
    for document in documents:
        assemblage.ajouter(document)
    assemblage.finir()
    return PdfReader(flux, strict=True)


@pytest.fixture(scope="module")
def lettres() -> list[bytes]:
    courte = produire(scenes.lettre())
    longue = produire(scenes.lettre(services=tuple(f"Service en ligne numéro {rang}" for rang in range(60))))
    return [courte, longue]


def test_chaque_page_est_celle_du_document(lettres: list[bytes]) -> None:
    seules = [page for lettre in lettres for page in PdfReader(io.BytesIO(lettre)).pages]
    ensemble = assembler(iter(lettres)).pages
    assert len(ensemble) == len(seules) > 2
    for page, seule in zip(ensemble, seules, strict=True):
        assert page.get_contents().get_data() == seule.get_contents().get_data()  # type: ignore[union-attr]
        assert page.mediabox == seule.mediabox
        assert page.extract_text() == seule.extract_text()
        polices, siennes = page["/Resources"]["/Font"], seule["/Resources"]["/Font"]  # type: ignore[index]
        assert set(polices) == set(siennes)
        for nom in polices:
            fontes = [p[nom]["/DescendantFonts"][0]["/FontDescriptor"] for p in (polices, siennes)]
            programmes = [next(f[cle].get_data() for cle in f if cle.startswith("/FontFile")) for f in fontes]
            assert programmes[0] == programmes[1]


def test_la_memoire_ne_croit_pas_avec_les_lettres(lettres: list[bytes]) -> None:
    def sommet(nombre: int) -> int:
        gc.collect()
        tracemalloc.start()
        assemblage = Assemblage(lambda _: None)
        for document in repeat(lettres[0], nombre):
            assemblage.ajouter(document)
            gc.collect()
        assemblage.finir()
        _, pic = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return pic

    gc.freeze()  # what was there before is not gone through again for each letter
    try:
        sommet(3)
        assert sommet(20) - sommet(5) < 15 * 2_000, "a letter costs its objects' places, not its quarter of a MB"
    finally:
        gc.unfreeze()
