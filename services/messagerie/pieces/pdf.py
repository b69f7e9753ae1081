"""A PDF: whole, not encrypted, and that neither starts nor carries a program, in clear or in its compressed objects.

A reader finds its objects by a table; here every stream is found by its keyword and unpacked as far as it may hold objects, within
limits. Objects packed otherwise than all writers do are refused. What a stream of another kind packs (a font, a picture), the names
that a string writes in octal, and what a joined document holds are left to the scan (docs/exploitation.md).
"""

import re
import zlib
from collections.abc import Iterator
from contextlib import suppress
from typing import Final

from .bureautique import EXTENSIONS_ACTIVES
from .patience import Patience
from .regles import PieceAbimee, PieceDemesuree, PieceMacros, PieceProgrammeDedans, PieceProtegee

DECOMPRESSE: Final = 150_000_000  # bytes in all of what may hold objects
FLUX: Final = 50_000  # streams of a file: what is made to be slow has more
_MORCEAU: Final = 65_536
_TETE: Final = 1_024  # bytes of a stream that say what it may be
_DICTIONNAIRE: Final = 2_048  # bytes before a stream, among which its dictionary is
_RESTE: Final = 1_024  # bytes of a piece that are read again with the next one
_FIN: Final = 2_048  # bytes among which a whole PDF ends


def _nom(nom: str) -> bytes:
    """Return the pattern of a name of PDF, each sign of which may be written `#xx` (ISO 32000-1, 7.3.5)."""
    return b"/" + b"".join(b"(?:%c|#(?i:%02x))" % (signe, signe) for signe in nom.encode())


_CHIFFRE: Final = re.compile(_nom("Encrypt") + rb"[\s\x00]*+(?:%|\d++[\s\x00%]|<<)")  # a comment counts as a space
_LANCE: Final = re.compile(_nom("Launch") + rb"(?![A-Za-z0-9])")  # an action that starts a program (12.6.4.5)
_FLUX: Final = re.compile(rb"(?<!end)stream[ \t\f\x00]*+(?:\r\n?+|\n)?+")
_OBJETS: Final = re.compile(_nom("ObjStm"))
_FILTRE: Final = re.compile(_nom("Filter"))
_PREDICTEUR: Final = re.compile(_nom("Predictor"))
_JOINT: Final = re.compile(_nom("EmbeddedFile"))
# What begins a stream of objects: the number and the place of the first (7.5.7); no picture does.
_NOMBRES: Final = re.compile(rb"\A(?:[\s\x00]|%[^\r\n]*+)*+\d++(?:[\s\x00]|%[^\r\n]*+)++\d")
_FICHIER: Final = re.compile(
    rb"/(?:U?F|DOS|Unix|Mac)[\s\x00]*+(?:\(((?:[^()\\]|\\.){0,400}+)\)|<([0-9A-Fa-f\s]{2,1600}+)>)", re.DOTALL
)
_NOM_ACTIF: Final = re.compile(EXTENSIONS_ACTIVES.encode(), re.IGNORECASE)
_ADRESSE: Final = re.compile(rb"(?:https?|mailto):", re.IGNORECASE)
_PROGRAMMES: Final = (
    b"MZ",
    b"\x7fELF",
    b"\xcf\xfa\xed\xfe",
    b"\xce\xfa\xed\xfe",
    b"#!",
    b"L\x00\x00\x00\x01\x14\x02\x00",
)
_SURS: Final = (
    b"PE\0\0",
    b"This program",
)  # what stands in the head of every program of Windows: two letters prove nothing


def exiger_pdf(nom: str, contenu: bytes, patience: Patience) -> None:
    """Raises: PieceAbimee, PieceProtegee, PieceMacros, PieceProgrammeDedans, PieceDemesuree, PieceNonExaminee.

    JavaScript and joined invoices stay: forms and Factur-X have them.
    """
    if b"%%EOF" not in contenu[-_FIN:] or b"startxref" not in contenu:
        raise PieceAbimee(nom=nom)
    if _CHIFFRE.search(contenu):
        raise PieceProtegee(nom=nom)
    _exiger_inerte(nom, contenu)
    reste = DECOMPRESSE
    for rang, flux in enumerate(_FLUX.finditer(contenu)):
        if rang >= FLUX:
            raise PieceDemesuree(nom=nom)
        patience.continuer(nom)
        dictionnaire = contenu[max(0, flux.start() - _DICTIONNAIRE) : flux.start()].rpartition(b"endobj")[2]
        debut = next(_decompresser(contenu, flux.end(), _TETE), b"")
        _exiger_sans_programme(nom, dictionnaire, debut or contenu[flux.end() : flux.end() + _TETE])
        if _OBJETS.search(dictionnaire) and (
            _PREDICTEUR.search(dictionnaire) or (_FILTRE.search(dictionnaire) and not debut)
        ):
            raise PieceAbimee(nom=nom)
        if not _NOMBRES.match(debut):
            continue
        avant = b""
        for morceau in _decompresser(contenu, flux.end(), _MORCEAU):
            reste -= len(morceau)
            if reste < 0:
                raise PieceDemesuree(nom=nom)
            patience.continuer(nom)
            _exiger_inerte(nom, avant + morceau)
            avant = (avant + morceau)[-_RESTE:]


def _decompresser(contenu: bytes, place: int, taille: int) -> Iterator[bytes]:
    """Yield what is packed there, so many bytes at a time, up to its end or its first fault: a reader shows as much."""
    if place >= len(contenu) or contenu[place] & 0x0F != 8:
        return
    lecteur, suite = zlib.decompressobj(), memoryview(contenu)
    while not lecteur.eof:
        recus = lecteur.unconsumed_tail or bytes(suite[place : place + _MORCEAU])
        if not lecteur.unconsumed_tail:
            place += len(recus)
        if not recus:
            return
        avant = lecteur.copy()
        try:
            morceau = lecteur.decompress(recus, taille)
        except zlib.error:
            yield _jusqu_a_la_faute(avant, recus, taille)
            return
        if morceau:
            yield morceau


def _jusqu_a_la_faute(lecteur: "zlib._Decompress", recus: bytes, taille: int) -> bytes:
    """Return what stands before the fault, byte after byte: zlib gives nothing of a piece that has one."""
    lu = bytearray()
    with suppress(zlib.error):
        for place in range(len(recus)):
            lu += lecteur.decompress(recus[place : place + 1])
            if len(lu) >= taille:
                break
    return bytes(lu)


def _exiger_inerte(nom: str, texte: bytes) -> None:
    """Raises: PieceMacros, where an action starts a program; PieceProgrammeDedans, where a joined file is named as one."""
    if _LANCE.search(texte):
        raise PieceMacros(nom=nom)
    for trouve in _FICHIER.finditer(texte):
        nomme = trouve[1] if trouve[1] is not None else bytes.fromhex(_pair(trouve[2]))
        nomme = nomme.replace(b"\0", b"").strip()
        if _NOM_ACTIF.search(nomme) and not _ADRESSE.match(nomme):
            raise PieceProgrammeDedans(nom=nom)


def _pair(chiffres: bytes) -> str:
    """Return the digits of a string written so, a last one that lacks being 0 (7.3.4.3)."""
    seuls = b"".join(chiffres.split()).decode()
    return seuls + "0" * (len(seuls) % 2)


def _exiger_sans_programme(nom: str, dictionnaire: bytes, debut: bytes) -> None:
    """Raises: PieceProgrammeDedans."""
    if not debut.startswith(_PROGRAMMES):
        return
    if debut.startswith(b"\x7fELF") or any(sur in debut for sur in _SURS) or _JOINT.search(dictionnaire):
        raise PieceProgrammeDedans(nom=nom)
