"""No file, however damaged, raises anything but a rule of the house; what nobody thought of is refused, and logged."""

import io
import random
import struct
import zipfile
import zlib
from collections.abc import Callable
from contextlib import suppress

import pytest
from structlog.testing import capture_logs

from services.messagerie.pieces import images, pdf, regles
from services.messagerie.pieces.natures import examiner

from .scenes import FICHIERS, PDF, odf, open_xml

VRAIS = {chemin.name: chemin.read_bytes() for chemin in sorted(FICHIERS.iterdir())} | {
    "avis.pdf": PDF,
    "lettre.docx": open_xml("docx", {"word/a.xml": "<w:instrText xml:space='preserve'> PAGE </w:instrText>"}),
    "lettre.odt": odf("odt"),
    "liste.csv": "é;à\n1;2\n".encode("utf-16"),
}
ENTIERS = (0, 1, 7, 8, 16, 0x7F, 0xFF, 0xFFFF, 2**31, 2**32 - 1)


def webp(*blocs: tuple[bytes, bytes]) -> bytes:
    corps = b"".join(struct.pack("<4sI", genre, len(c)) + c + b"\0" * (len(c) % 2) for genre, c in blocs)
    return struct.pack("<4sI4s", b"RIFF", len(corps) + 4, b"WEBP") + corps


@pytest.mark.parametrize("entete", [b"", b"\x08", bytes(9)])
def test_un_webp_dont_l_entete_est_courte_est_refuse(entete: bytes) -> None:
    point = (b"VP8 ", b"\0\0\0\x9d\x01\x2a\x10\0\x10\0")
    with pytest.raises(regles.PieceAbimee):
        examiner("a.webp", webp((b"VP8X", entete), point))
    with pytest.raises(regles.PieceAbimee):
        examiner("a.webp", webp())


def test_le_dessin_d_un_webp_est_borne_comme_sa_toile() -> None:
    toile, grand = (b"VP8X", bytes(10)), (b"VP8 ", b"\0\0\0\x9d\x01\x2a\xff\x3f\xff\x3f")
    for blocs in ([toile, grand], [grand], [toile, (b"VP8L", b"\x2f\xff\xff\xff\x0f")]):
        with pytest.raises(regles.PieceDemesuree):
            examiner("a.webp", webp(*blocs))


def abimer(hasard: random.Random, contenu: bytes) -> bytes:
    """Return this file with a few bytes changed, taken out, put in, said to be other numbers, or cut."""
    abime = bytearray(contenu)
    for _ in range(hasard.randint(1, 4)):
        place, genre = hasard.randrange(len(abime)), hasard.randrange(6)
        if genre == 0:
            abime[place] = hasard.randrange(256)
        elif genre == 1:
            del abime[place : place + hasard.randint(1, 12)]
        elif genre == 2:
            abime[place:place] = hasard.randbytes(hasard.randint(1, 6))
        elif genre == 3:
            abime[place : place + 4] = struct.pack(hasard.choice("<>") + "I", hasard.choice(ENTIERS))
        elif genre == 4:
            abime[place : place + 2] = struct.pack(hasard.choice("<>") + "H", hasard.choice(ENTIERS) & 0xFFFF)
        else:
            del abime[max(1, place) :]
        abime = abime or bytearray(b"x")
    return bytes(abime)


def sommes_justes(contenu: bytes) -> bytes:
    """Return this PNG with the sums of its chunks: its damage is not seen by them."""
    png, place = bytearray(contenu), 8
    while place + 12 <= len(png):
        fin = place + 8 + int.from_bytes(png[place : place + 4], "big")
        if fin + 4 > len(png):
            break
        png[fin : fin + 4] = struct.pack(">I", zlib.crc32(png[place + 4 : fin]))
        place = fin + 4
    return bytes(png)


def membre_abime(hasard: random.Random, contenu: bytes) -> bytes:
    """Return this document with one member damaged, within a ZIP that is whole."""
    sortie = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(contenu)) as avant, zipfile.ZipFile(sortie, "w", zipfile.ZIP_DEFLATED) as apres:
        choisi = hasard.choice(avant.namelist())
        for membre in avant.infolist():
            dit = avant.read(membre)
            apres.writestr(membre, abimer(hasard, dit) if membre.filename == choisi and dit else dit)
    return sortie.getvalue()


def muter(hasard: random.Random, nom: str) -> bytes:
    contenu = VRAIS[nom]
    if nom.endswith(("x", "odt", "ods")) and hasard.random() < 0.4:
        return membre_abime(hasard, contenu)
    abime = abimer(hasard, contenu)
    return sommes_justes(abime) if nom.endswith("png") and hasard.random() < 0.8 else abime


@pytest.mark.parametrize("nom", VRAIS)
def test_un_vrai_fichier_abime_ne_leve_que_des_regles(nom: str) -> None:
    """Nor does anything fall into the net of what nobody thought of: each walk knows its own."""
    hasard = random.Random(nom)
    with capture_logs() as lignes:
        for _ in range(600):
            with suppress(regles.FichierRefuse):
                examiner(nom, muter(hasard, nom))
    assert not lignes


def leve(erreur: Exception) -> Callable[..., bytes]:
    def lever(*_: object) -> bytes:
        raise erreur

    return lever


@pytest.mark.parametrize(
    "erreur",
    [
        IndexError("x"),
        KeyError("x"),
        OverflowError("x"),
        ZeroDivisionError("x"),
        ValueError("x"),
        UnicodeDecodeError("utf-8", b"x", 0, 1, "x"),
        struct.error("x"),
        zlib.error("x"),
        zipfile.BadZipFile("x"),
        RecursionError("x"),
        AttributeError("x"),
        EOFError("x"),
    ],
    ids=repr,
)
@pytest.mark.parametrize(("nom", "ou"), [("photo.jpg", (images, "_marque")), ("avis.pdf", (pdf, "exiger_pdf"))])
def test_ce_que_personne_n_a_prevu_est_refuse_et_journalise(
    nom: str, ou: tuple[object, str], erreur: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(*ou, leve(erreur))
    with capture_logs() as lignes, pytest.raises(regles.PieceAbimee):
        examiner(nom, VRAIS[nom])
    prevue = nom == "photo.jpg" and isinstance(erreur, IndexError | struct.error)
    assert [ligne["event"] for ligne in lignes] == ([] if prevue else ["piece_mal_examinee"])
