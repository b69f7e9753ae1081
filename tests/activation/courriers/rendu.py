"""A letter's first sheet as the eye sees it: its picture, and where there is ink."""

import struct
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from accounts.documents import typst
from activation.courriers.lettre import Lettre, produire

POINTS_PAR_MM = 72 / 25.4  # one dot a point
BLANC = 240


def photographier(lettre: Lettre, monkeypatch: pytest.MonkeyPatch, *, finesse: float = 72) -> bytes:
    """Return the first sheet as PNG, composed by what composes the PDF."""
    compiler: Callable[..., Any] = typst.typst.compile

    def en_image(source: Any, **options: Any) -> Any:
        for cle in ("format", "pdf_standards", "timestamp"):
            options.pop(cle, None)
        feuilles = compiler(source, format="png", ppi=finesse, **options)
        return feuilles[0] if isinstance(feuilles, list) else feuilles

    with monkeypatch.context() as seulement:
        seulement.setattr(typst.typst, "compile", en_image)
        return produire(lettre)


def encre(png: bytes, *, jusqu_a: float) -> Iterator[tuple[float, float]]:
    """Yield each dot that is not white, down to `jusqu_a`: millimetres from the left and from the top of the sheet."""
    largeur, rangees = _decoder(png, int(jusqu_a * POINTS_PAR_MM))
    for y, rangee in enumerate(rangees):
        for x in range(largeur):
            if min(rangee[4 * x : 4 * x + 3]) < BLANC and rangee[4 * x + 3]:
                yield (x + 0.5) / POINTS_PAR_MM, (y + 0.5) / POINTS_PAR_MM


def masquer(png: bytes, vue: Callable[[float, float], bool], *, jusqu_a: float, finesse: float) -> bytes:
    """Return the top of the sheet as PNG, grey where `vue(x, y)` says that an envelope hides it."""
    points = finesse / 25.4
    largeur, rangees = _decoder(png, int(jusqu_a * points))
    brut = bytearray()
    for y, rangee in enumerate(rangees):
        brut.append(0)
        for x in range(largeur):
            vu = vue(x / points, y / points)
            brut += bytes(c if vu else (c + 2 * 120) // 3 for c in rangee[4 * x : 4 * x + 3])

    def morceau(genre: bytes, corps: bytes) -> bytes:
        return struct.pack(">I", len(corps)) + genre + corps + struct.pack(">I", zlib.crc32(genre + corps))

    entete = struct.pack(">IIBBBBB", largeur, len(rangees), 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + morceau(b"IHDR", entete)
        + morceau(b"IDAT", zlib.compress(bytes(brut)))
        + morceau(b"IEND", b"")
    )


def _decoder(png: bytes, hauteur_max: int) -> tuple[int, list[bytearray]]:
    """Return the width and the first rows, four bytes a dot, of a PNG as Typst writes it (8 bits, RGBA)."""
    place, contenu = 8, b""
    largeur = hauteur = 0
    while place < len(png):
        (taille,), genre = struct.unpack(">I", png[place : place + 4]), png[place + 4 : place + 8]
        corps = png[place + 8 : place + 8 + taille]
        if genre == b"IHDR":
            largeur, hauteur, profondeur, couleur = struct.unpack(">IIBB", corps[:10])
            assert (profondeur, couleur) == (8, 6)
        elif genre == b"IDAT":
            contenu += corps
        place += taille + 12
    brut, pas = zlib.decompress(contenu), 4 * largeur
    rangees: list[bytearray] = []
    dessus = bytearray(pas)
    for rang in range(min(hauteur, hauteur_max)):
        debut = rang * (pas + 1)
        rangee = bytearray(brut[debut + 1 : debut + 1 + pas])
        _defiltrer(brut[debut], rangee, dessus)
        rangees.append(rangee)
        dessus = rangee
    return largeur, rangees


def _defiltrer(filtre: int, rangee: bytearray, dessus: bytearray) -> None:
    """Undo in place the filter of one row (PNG, 9.2)."""
    for i in range(len(rangee)):
        gauche = rangee[i - 4] if i >= 4 else 0
        haut = dessus[i]
        if filtre == 1:
            rangee[i] = (rangee[i] + gauche) & 255
        elif filtre == 2:
            rangee[i] = (rangee[i] + haut) & 255
        elif filtre == 3:
            rangee[i] = (rangee[i] + (gauche + haut) // 2) & 255
        elif filtre == 4:
            coin = dessus[i - 4] if i >= 4 else 0
            estime = gauche + haut - coin
            proche = min((gauche, haut, coin), key=lambda v: abs(estime - v))
            rangee[i] = (rangee[i] + proche) & 255
