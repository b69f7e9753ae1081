"""Photos lose what they say of the place, the time and the device, and nothing of their points."""

import struct
import zlib

import pytest

from services.messagerie.pieces import images, regles
from services.messagerie.pieces.natures import examiner
from tests.scenes import duree

from .scenes import SENTINELLE, fichier, zipper

PHOTOS = ("photo.jpg", "progressive.jpg", "capture.png", "photo.webp", "photo.heic")


@pytest.mark.parametrize("nom", PHOTOS)
def test_une_photo_perd_son_lieu_et_garde_ses_points(nom: str) -> None:
    contenu = fichier(nom)
    propre = examiner(nom, contenu).contenu
    assert SENTINELLE in contenu
    assert SENTINELLE not in propre
    assert b"2026:11:29" in contenu
    assert b"2026:11:29" not in propre
    assert points(contenu) == points(propre) != b""


def points(contenu: bytes) -> bytes:
    """Return the coded points of a picture: the same bytes are the same picture."""
    if contenu.startswith(b"\xff\xd8"):
        return contenu[contenu.index(b"\xff\xda") : contenu.rindex(b"\xff\xd9") + 2]
    if contenu.startswith(b"\x89PNG"):
        debut = contenu.index(b"IDAT")
        return contenu[debut : debut + struct.unpack_from(">I", contenu, debut - 4)[0]]
    if contenu.startswith(b"RIFF"):
        debut = contenu.index(b"VP8 ")
        return contenu[debut : debut + 8 + struct.unpack_from("<I", contenu, debut + 4)[0]]
    (meta,) = [boite for boite in images._boites(contenu, 0, len(contenu)) if boite.genre == b"meta"]
    dedans = list(images._boites(contenu, meta.debut + 4, meta.fin))
    return b"".join(
        contenu[debut : debut + longueur]
        for item, _, debut, longueur in images._places(contenu, dedans)
        if images._items(contenu, dedans)[item] == b"hvc1"
    )


@pytest.mark.parametrize("nom", ["photo.jpg", "progressive.jpg", "photo.webp"])
def test_une_photo_reste_droite(nom: str) -> None:
    """How the camera was held is all that is left of the EXIF."""
    propre = examiner(nom, fichier(nom)).contenu
    assert propre.count(images._tiff_de(6)) == 1


def test_ce_qui_suit_une_photo_s_en_va() -> None:
    for nom in ("photo.jpg", "capture.png", "photo.webp"):
        propre = examiner(nom, fichier(nom)).contenu
        assert examiner(nom, fichier(nom) + zipper({"a.exe": b"MZ"})).contenu == propre
        assert examiner(nom, propre).contenu == propre  # cleaning what is clean changes nothing


def test_une_photo_heic_garde_ses_places() -> None:
    """Nothing moves in the file: what is no picture is blanked where it lies, and other boxes are « free »."""
    contenu = fichier("photo.heic")
    film = struct.pack(">I4s", 8 + 10, b"mpvd") + b"SENTINELLE"
    propre = examiner("a.heic", contenu + film).contenu
    assert len(propre) == len(contenu + film)
    assert SENTINELLE not in propre
    assert propre.endswith(b"free" + bytes(10))
    assert b"Exif" in propre


def test_une_photo_coupee_est_refusee() -> None:
    for nom in PHOTOS:
        contenu = fichier(nom)
        for taille in (20, len(contenu) // 2, len(contenu) - 12):
            with pytest.raises(regles.PieceAbimee):
                examiner(nom, contenu[:taille])


def test_une_image_demesuree_est_refusee_sans_etre_ouverte() -> None:
    png = bytearray(fichier("capture.png"))
    png[16:24] = struct.pack(">II", 50_000, 50_000)
    png[29:33] = struct.pack(">I", zlib.crc32(png[12:29]))
    jpeg = bytearray(fichier("photo.jpg"))
    place = jpeg.index(b"\xff\xc0")
    jpeg[place + 5 : place + 9] = struct.pack(">HH", 60_000, 60_000)
    heic = bytearray(fichier("photo.heic"))
    place = heic.index(b"ispe")
    heic[place + 8 : place + 16] = struct.pack(">II", 60_000, 60_000)
    for nom, contenu in (("a.png", png), ("a.jpg", jpeg), ("a.heic", heic)):
        with pytest.raises(regles.PieceDemesuree):
            examiner(nom, bytes(contenu))


def test_une_image_faite_pour_durer_est_refusee_vite() -> None:
    """Millions of empty segments, boxes or places: bounded, whatever the file says."""
    for nom, contenu in (
        ("a.jpg", b"\xff\xd8" + b"\xff\xfe\x00\x02" * 2_000_000),
        ("a.heic", fichier("photo.heic") + b"\0\0\0\x08free" * 1_000_000),
    ):
        with pytest.raises(regles.PieceAbimee):
            examiner(nom, contenu)


def test_une_image_animee_est_refusee() -> None:
    with pytest.raises(regles.PieceImageAnimee):
        examiner("a.webp", fichier("animee.webp"))


def test_les_autres_images_webp_passent_inchangees() -> None:
    for nom in ("nue.webp", "sans_perte.webp"):
        assert examiner(nom, fichier(nom)).contenu == fichier(nom)


def blocs_sans_fin(genre: str) -> bytes:
    """Return a picture of nearly 10 MB made of as many small parts as its kind can hold."""
    if genre == "a.png":
        bloc = struct.pack(">I4sI", 0, b"IDAT", zlib.crc32(b"IDAT"))
        return fichier("capture.png")[:33] + bloc * 800_000
    if genre == "a.webp":
        blocs = b"ICCP\0\0\0\0" * 1_200_000
        return struct.pack("<4sI4s", b"RIFF", len(blocs) + 4, b"WEBP") + blocs
    if genre == "a.jpg":
        return b"\xff\xd8" + b"\xff" * 9_900_000
    contenu = fichier("photo.heic")
    tailles = struct.pack(">I4sIII", 20, b"ispe", 0, 8, 8) * 15_000
    ipco = struct.pack(">I4s", 8 + len(tailles), b"ipco") + tailles
    iprp = (struct.pack(">I4s", 8 + len(ipco), b"iprp") + ipco) * 32
    fin = next(boite.fin for boite in images._boites(contenu, 0, len(contenu)) if boite.genre == b"meta")
    place = contenu.index(b"meta") - 4
    (longueur,) = struct.unpack_from(">I", contenu, place)
    return contenu[:place] + struct.pack(">I", longueur + len(iprp)) + contenu[place + 4 : fin] + iprp + contenu[fin:]


@pytest.mark.parametrize("nom", ["a.png", "a.webp", "a.jpg", "a.heic"])
def test_ce_qui_est_fait_pour_etre_lent_est_vite_refuse(nom: str) -> None:
    """By the time of the processor, not of the clock: a loaded machine changes little of it."""
    contenu = blocs_sans_fin(nom)
    assert len(contenu) > 9_000_000

    def refuser() -> None:
        with pytest.raises(regles.PieceAbimee):
            examiner(nom, contenu)

    assert duree(refuser) < 0.25
