"""Photos: walked to their end, and kept without what they say of the place, the time and the device.

Nothing is decoded, so nothing is lost of the picture and no bomb opens here; its size is that which it announces, and is
bounded. What is kept of a file is named (a segment, a chunk, a box that is not known goes), and it stops at its end: a second
picture, a film or a ZIP behind it goes too. How the camera was held stays: the picture would lie on its side.
"""

import re
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import wraps
from typing import Final

from .regles import PieceAbimee, PieceDemesuree, PieceImageAnimee

POINTS: Final = 100_000_000  # of a picture: the largest telephones make 50 million by default; 400 MB once decoded
_ORIENTATION: Final = 0x0112


MORCEAUX: Final = 20_000  # segments, boxes or places of a file: what is made to be slow has more


class _Abimee(Exception):
    """The file is not what it begins as."""


def _refuse_ce_qui_est_abime(nettoyer: Callable[[str, bytes], bytes]) -> Callable[[str, bytes], bytes]:
    """Have this walk refuse a file that ends before what it says, wherever the walk finds it. Raises: PieceAbimee."""

    @wraps(nettoyer)
    def nettoyer_ou_refuser(nom: str, contenu: bytes) -> bytes:
        try:
            return nettoyer(nom, contenu)
        except (_Abimee, IndexError, struct.error) as erreur:
            raise PieceAbimee(nom=nom) from erreur

    return nettoyer_ou_refuser


def _exiger_points(nom: str, largeur: int, hauteur: int) -> None:
    if not largeur or not hauteur:
        raise _Abimee
    if largeur * hauteur > POINTS:
        raise PieceDemesuree(nom=nom)


def _orientation(tiff: bytes) -> int:
    """Return how the picture is to be turned (1 to 8, 1 is upright), from the TIFF header of its EXIF."""
    ordre = {b"II*\0": "<", b"MM\0*": ">"}.get(tiff[:4])
    if ordre is None:
        return 1
    try:
        (debut,) = struct.unpack_from(f"{ordre}I", tiff, 4)
        (nombre,) = struct.unpack_from(f"{ordre}H", tiff, debut)
        for rang in range(min(nombre, 200)):
            champ, _, _, valeur = struct.unpack_from(f"{ordre}HHIH", tiff, debut + 2 + 12 * rang)
            if champ == _ORIENTATION:
                return valeur if 1 <= valeur <= 8 else 1
    except struct.error:
        return 1
    return 1


def _tiff_de(orientation: int) -> bytes:
    """Return an EXIF that says how the picture is to be turned, and nothing else."""
    return struct.pack(">2sHIHHHIHHI", b"MM", 42, 8, 1, _ORIENTATION, 3, 1, orientation, 0, 0)


# --- JPEG -------------------------------------------------------------------------------------------------------------

_SOF: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_TABLES: Final = frozenset({0xC4, 0xCC, 0xDB, 0xDC, 0xDD})
_MARQUE_DE_FIN: Final = re.compile(rb"\xff[^\x00\xd0-\xd7]")  # neither a stuffed byte nor a restart
_BOURRAGE: Final = re.compile(rb"\xff+")  # fill bytes before a marker, however many
_APP_GARDES: Final = {0xE0: b"JFIF\0", 0xE2: b"ICC_PROFILE\0", 0xEE: b"Adobe"}
_EXIF: Final = b"Exif\0\0"


def est_jpeg(contenu: bytes) -> bool:
    return contenu.startswith(b"\xff\xd8\xff")


@_refuse_ce_qui_est_abime
def nettoyer_jpeg(nom: str, contenu: bytes) -> bytes:
    """Raises: PieceAbimee, PieceDemesuree."""
    return b"".join([b"\xff\xd8", *_segments_gardes(nom, contenu)])


def _segments_gardes(nom: str, contenu: bytes) -> Iterator[bytes]:
    """Yield what is kept, up to the end of the picture. Raises: _Abimee, PieceDemesuree."""
    place, balayages, tournee = 2, 0, False
    for _ in range(MORCEAUX):
        marque, place = _marque(contenu, place)
        if marque == 0xD9:
            if not balayages:
                raise _Abimee
            yield b"\xff\xd9"
            return
        (longueur,) = struct.unpack_from(">H", contenu, place)
        corps = contenu[place + 2 : place + longueur]
        if longueur < 2 or place + longueur > len(contenu):
            raise _Abimee
        place += longueur
        if marque in _SOF:
            hauteur, largeur = struct.unpack_from(">HH", corps, 1)
            _exiger_points(nom, largeur, hauteur)
        if marque == 0xE1 and corps.startswith(_EXIF) and not tournee:
            tournee = True
            corps = _EXIF + _tiff_de(_orientation(corps[len(_EXIF) :]))
        elif not (marque in _SOF or marque in _TABLES or marque == 0xDA or _app_gardee(marque, corps)):
            continue
        yield struct.pack(">BBH", 0xFF, marque, len(corps) + 2) + corps
        if marque == 0xDA:
            balayages += 1
            fin = _fin_du_balayage(contenu, place)
            yield contenu[place:fin]
            place = fin
    raise _Abimee


def _marque(contenu: bytes, place: int) -> tuple[int, int]:
    """Return the marker that begins there, and where what follows it begins."""
    if contenu[place] != 0xFF:
        raise _Abimee
    place = _BOURRAGE.match(contenu, place).end()  # type: ignore[union-attr]  # looked at above
    return contenu[place], place + 1


def _app_gardee(marque: int, corps: bytes) -> bool:
    return marque in _APP_GARDES and corps.startswith(_APP_GARDES[marque])


def _fin_du_balayage(contenu: bytes, place: int) -> int:
    """Return where the coded points end: Raises: _Abimee, when nothing ends them."""
    trouvee = _MARQUE_DE_FIN.search(contenu, place)
    if trouvee is None:
        raise _Abimee
    return trouvee.start()


# --- PNG --------------------------------------------------------------------------------------------------------------

_PNG: Final = b"\x89PNG\r\n\x1a\n"
_BLOCS_GARDES: Final = frozenset(
    {
        b"IHDR",
        b"PLTE",
        b"IDAT",
        b"IEND",
        b"tRNS",
        b"cHRM",
        b"gAMA",
        b"iCCP",
        b"sBIT",
        b"sRGB",
        b"cICP",
        b"bKGD",
        b"pHYs",
    }
)


def est_png(contenu: bytes) -> bool:
    return contenu.startswith(_PNG)


@_refuse_ce_qui_est_abime
def nettoyer_png(nom: str, contenu: bytes) -> bytes:
    """Raises: PieceAbimee, PieceDemesuree."""
    return b"".join([_PNG, *_blocs_gardes(nom, contenu)])


def _blocs_gardes(nom: str, contenu: bytes) -> Iterator[bytes]:
    """Yield what is kept, up to the end of the picture. Raises: _Abimee, PieceDemesuree."""
    place, points = len(_PNG), False
    for _ in range(MORCEAUX):
        longueur, genre = struct.unpack_from(">I4s", contenu, place)
        fin = place + 12 + longueur
        (somme,) = struct.unpack_from(">I", contenu, fin - 4)
        if zlib.crc32(contenu[place + 4 : fin - 4]) != somme or (genre == b"IHDR") != (place == len(_PNG)):
            raise _Abimee
        if genre == b"IHDR":
            _exiger_points(nom, *struct.unpack_from(">II", contenu, place + 8))
        points = points or genre == b"IDAT"
        if genre in _BLOCS_GARDES:
            yield contenu[place:fin]
        if genre == b"IEND":
            if not points:
                raise _Abimee
            return
        place = fin
    raise _Abimee


# --- WebP -------------------------------------------------------------------------------------------------------------

_VP8X_EXIF: Final = 0x08
_VP8X_XMP: Final = 0x04


def est_webp(contenu: bytes) -> bool:
    return contenu.startswith(b"RIFF") and contenu[8:12] == b"WEBP"


@_refuse_ce_qui_est_abime
def nettoyer_webp(nom: str, contenu: bytes) -> bytes:
    """Raises: PieceAbimee, PieceDemesuree, PieceImageAnimee (an animated one)."""
    blocs = list(_blocs_webp(contenu))
    for largeur, hauteur in _points_webp(blocs):
        _exiger_points(nom, largeur, hauteur)
    if any(genre == b"ANMF" for genre, _ in blocs):
        raise PieceImageAnimee(nom=nom)
    exif = next((corps for genre, corps in blocs if genre == b"EXIF"), b"").removeprefix(_EXIF)
    tournee = _orientation(exif)
    gardes = [(genre, corps) for genre, corps in blocs if genre in {b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ICCP"}]
    etendue = gardes[0][0] == b"VP8X"
    if etendue:
        drapeaux = gardes[0][1][0] & ~(_VP8X_EXIF | _VP8X_XMP) | (_VP8X_EXIF if tournee != 1 else 0)
        gardes[0] = (b"VP8X", bytes([drapeaux]) + gardes[0][1][1:])
        if tournee != 1:
            gardes.append((b"EXIF", _tiff_de(tournee)))
    corps = b"".join(struct.pack("<4sI", genre, len(c)) + c + b"\0" * (len(c) % 2) for genre, c in gardes)
    return struct.pack("<4sI4s", b"RIFF", len(corps) + 4, b"WEBP") + corps


def _blocs_webp(contenu: bytes) -> Iterator[tuple[bytes, bytes]]:
    (annonce,) = struct.unpack_from("<I", contenu, 4)
    place, fin = 12, 8 + annonce
    if fin > len(contenu):
        raise _Abimee
    for _ in range(MORCEAUX):
        if place >= fin:
            return
        genre, longueur = struct.unpack_from("<4sI", contenu, place)
        if place + 8 + longueur > fin:
            raise _Abimee
        yield genre, contenu[place + 8 : place + 8 + longueur]
        place += 8 + longueur + longueur % 2
    raise _Abimee


def _points_webp(blocs: list[tuple[bytes, bytes]]) -> Iterator[tuple[int, int]]:
    """Yield each size that the file announces: its canvas, and the picture on it. Raises: _Abimee, when it holds none."""
    genres = [genre for genre, _ in blocs]
    if genres[0] not in {b"VP8X", b"VP8 ", b"VP8L"} or not {b"VP8 ", b"VP8L", b"ANMF"} & set(genres):
        raise _Abimee
    for genre, corps in blocs:
        if genre == b"VP8X":
            if len(corps) < 10:
                raise _Abimee
            yield int.from_bytes(corps[4:7], "little") + 1, int.from_bytes(corps[7:10], "little") + 1
        elif genre == b"VP8 ":
            if corps[3:6] != b"\x9d\x01\x2a":
                raise _Abimee
            largeur, hauteur = struct.unpack_from("<HH", corps, 6)
            yield largeur & 0x3FFF, hauteur & 0x3FFF
        elif genre == b"VP8L":
            signe, bits = struct.unpack_from("<BI", corps)
            if signe != 0x2F:
                raise _Abimee
            yield (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1


# --- HEIC -------------------------------------------------------------------------------------------------------------

_MARQUES_HEIC: Final = frozenset({b"heic", b"heix", b"heim", b"heis"})
_ITEMS_GARDES: Final = frozenset({b"hvc1", b"hev1", b"lhv1", b"hvt1", b"grid", b"iden", b"iovl", b"tmap"})
# What stands instead, so that a reader finds an EXIF and an XMP that say nothing.
_VIDES: Final = {b"Exif": struct.pack(">I6s2sHIHI", 6, _EXIF, b"MM", 42, 8, 0, 0)}
_SIGNE: Final = {b"mime": b" "}
_DU_FICHIER: Final = frozenset({b"ftyp", b"meta", b"mdat"})
MEDIAS: Final = 16
_DANS_META: Final = frozenset({b"hdlr", b"dinf", b"pitm", b"iinf", b"iref", b"iprp", b"idat", b"iloc", b"grpl"})

_UNE_SEULE: Final = (
    b"iinf",
    b"iloc",
    b"iprp",
    b"idat",
)  # of each at most (ISO 14496-12): what they hold is bounded by MORCEAUX


@dataclass(frozen=True)
class _Boite:
    genre: bytes
    nature: int  # where its kind is written
    debut: int  # of what it holds
    fin: int


def est_heic(contenu: bytes) -> bool:
    if contenu[4:8] != b"ftyp":
        return False
    longueur = min(int.from_bytes(contenu[:4], "big"), 256)
    marques = {contenu[8:12]} | {contenu[place : place + 4] for place in range(16, longueur, 4)}
    return bool(marques & _MARQUES_HEIC) and contenu[8:12] in _MARQUES_HEIC | {b"mif1"}


@_refuse_ce_qui_est_abime
def nettoyer_heic(nom: str, contenu: bytes) -> bytes:
    """Blank in place what is no picture: no offset moves. Raises: PieceAbimee, PieceDemesuree."""
    tampon = bytearray(contenu)
    boites = list(_boites(contenu, 0, len(contenu)))
    genres = [boite.genre for boite in boites]
    if genres.count(b"meta") != 1 or genres.count(b"mdat") > MEDIAS or genres.index(b"ftyp"):
        raise _Abimee
    meta = boites[genres.index(b"meta")]
    dedans = list(_boites(contenu, meta.debut + 4, meta.fin))
    if any(sum(boite.genre == seule for boite in dedans) > 1 for seule in _UNE_SEULE):
        raise _Abimee
    for boite, connues in [(boite, _DU_FICHIER) for boite in boites] + [(boite, _DANS_META) for boite in dedans]:
        if boite.genre not in connues:
            tampon[boite.nature : boite.nature + 4] = b"free"
            tampon[boite.debut : boite.fin] = bytes(boite.fin - boite.debut)
    _exiger_points_heic(nom, contenu, dedans)
    for genre, debut, fin in _hors_images(contenu, boites, dedans):
        tampon[debut:fin] = _VIDES.get(genre, b"").ljust(fin - debut, _SIGNE.get(genre, b"\0"))[: fin - debut]
    return bytes(tampon)


def _hors_images(contenu: bytes, boites: list[_Boite], dedans: list[_Boite]) -> Iterator[tuple[bytes, int, int]]:
    """Yield what is no picture and where it lies: EXIF, XMP, whatever else the file has. Raises: _Abimee."""
    zones = {
        0: [boite for boite in boites if boite.genre == b"mdat"],
        1: [boite for boite in dedans if boite.genre == b"idat"],
    }
    genres, reste = _items(contenu, dedans), len(contenu)
    for rang, (item, methode, debut, longueur) in enumerate(_places(contenu, dedans)):
        if rang > MORCEAUX:
            raise _Abimee
        genre = genres.get(item, b"")
        if genre in _ITEMS_GARDES:
            continue
        if methode == 1 and zones[1]:
            debut += zones[1][0].debut
        reste -= longueur
        dans_une_zone = any(zone.debut <= debut and debut + longueur <= zone.fin for zone in zones.get(methode, []))
        if not dans_une_zone or not longueur or reste < 0:
            raise _Abimee
        yield genre, debut, debut + longueur


def _boites(contenu: bytes, debut: int, fin: int) -> Iterator[_Boite]:
    """Yield the boxes that stand there, one after the other (ISO 14496-12). Raises: _Abimee."""
    for _ in range(MORCEAUX):
        if debut >= fin:
            return
        longueur, genre = struct.unpack_from(">I4s", contenu, debut)
        tete = 8
        if longueur == 1:
            (longueur,) = struct.unpack_from(">Q", contenu, debut + 8)
            tete = 16
        elif longueur == 0:
            longueur = fin - debut
        if longueur < tete or debut + longueur > fin:
            raise _Abimee
        yield _Boite(genre, debut + 4, debut + tete, debut + longueur)
        debut += longueur
    raise _Abimee


def _exiger_points_heic(nom: str, contenu: bytes, dedans: list[_Boite]) -> None:
    """Bound every size that the file announces, those of its tiles too. Raises: PieceDemesuree, _Abimee when it says none."""
    catalogues = [
        ipco
        for iprp in dedans
        if iprp.genre == b"iprp"
        for ipco in _boites(contenu, iprp.debut, iprp.fin)
        if ipco.genre == b"ipco"
    ]
    if len(catalogues) != 1:
        raise _Abimee
    tailles = [
        struct.unpack_from(">II", contenu, propriete.debut + 4)
        for propriete in _boites(contenu, catalogues[0].debut, catalogues[0].fin)
        if propriete.genre == b"ispe"
    ]
    if not tailles:
        raise _Abimee
    for largeur, hauteur in tailles:
        _exiger_points(nom, largeur, hauteur)


def _items(contenu: bytes, dedans: list[_Boite]) -> dict[int, bytes]:
    """Return the kind of each item by its number. Raises: _Abimee, when none is a picture."""
    genres: dict[int, bytes] = {}
    for iinf in (boite for boite in dedans if boite.genre == b"iinf"):
        for infe in _boites(contenu, iinf.debut + (6 if contenu[iinf.debut] == 0 else 8), iinf.fin):
            version = contenu[infe.debut]
            if infe.genre != b"infe" or version not in {2, 3}:
                raise _Abimee
            numero, _, genre = struct.unpack_from(">HH4s" if version == 2 else ">IH4s", contenu, infe.debut + 4)
            if genres.setdefault(numero, genre) != genre:
                raise _Abimee
    if not _ITEMS_GARDES & set(genres.values()):
        raise _Abimee
    return genres


def _places(contenu: bytes, dedans: list[_Boite]) -> Iterator[tuple[int, int, int, int]]:
    """Yield where each item lies: its number, how its place is counted (0: the file, 1: `idat`), where, how long."""
    for iloc in (boite for boite in dedans if boite.genre == b"iloc"):
        lecteur = _Lecteur(contenu, iloc.debut, iloc.fin)
        version = lecteur.entier(1)
        lecteur.entier(3)
        tailles = lecteur.entier(2)
        decalage, longueur, base, rang = (tailles >> bits & 0xF for bits in (12, 8, 4, 0))
        if longueur not in {4, 8}:  # nothing would be read of a place, and there would be no end of them
            raise _Abimee
        nombre = lecteur.entier(4 if version == 2 else 2)
        if nombre > MORCEAUX:
            raise _Abimee
        for _ in range(nombre):
            item = lecteur.entier(4 if version == 2 else 2)
            methode = lecteur.entier(2) & 0xF if version else 0
            lecteur.entier(2)
            origine = lecteur.entier(base)
            for _ in range(lecteur.entier(2)):
                if version:
                    lecteur.entier(rang)
                debut = origine + lecteur.entier(decalage)
                yield item, methode, debut, lecteur.entier(longueur)


@dataclass
class _Lecteur:
    """Whole numbers read one after the other, within a box. Raises: _Abimee beyond it."""

    contenu: bytes
    place: int
    fin: int

    def entier(self, octets: int) -> int:
        if self.place + octets > self.fin:
            raise _Abimee
        valeur = int.from_bytes(self.contenu[self.place : self.place + octets], "big")
        self.place += octets
        return valeur
