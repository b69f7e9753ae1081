"""A file encrypted in segments, so that none is held whole: AES-256-GCM under a key of its own, bound to its row.

The key is drawn for each file and kept in its row, sealed by `accounts.chiffrement` under CLE_CHIFFREMENT for that row alone:
turning CLE_CHIFFREMENT rewrites rows and no file, and a row that is deleted takes with it all that its file said, in the backups
too. A segment is encrypted with its rank and whether it is the last (as in STREAM, Hoang et al. 2015): none can be moved, left
out, repeated, cut off or taken from another file.
"""

import secrets
from collections.abc import Iterable, Iterator
from typing import IO, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

SEGMENT: Final = 65_536  # bytes of a segment in clear
SCEAU: Final = 16  # bytes that AES-GCM adds
CLE: Final = 32  # bytes


class PieceIllisible(Exception):
    """What the storage keeps was changed, cut, belongs to another row, or its key is not given any more."""


def nouvelle_cle() -> bytes:
    return secrets.token_bytes(CLE)


def chiffrer(morceaux: Iterable[bytes], *, cle: bytes, ligne: str) -> Iterator[bytes]:
    """Yield these bytes encrypted for this row alone, segment by segment."""
    aes, liee = AESGCM(cle), ligne.encode()
    rang, attente = 0, b""
    for morceau in morceaux:
        vue, place = memoryview(attente + morceau), 0  # one copy, however long
        while len(vue) - place > SEGMENT:
            yield aes.encrypt(_nonce(rang, dernier=False), vue[place : place + SEGMENT], liee)
            rang, place = rang + 1, place + SEGMENT
        attente = bytes(vue[place:])
    yield aes.encrypt(_nonce(rang, dernier=True), attente, liee)


def dechiffrer(flux: IO[bytes], *, cle: bytes, ligne: str) -> Iterator[bytes]:
    """Yield what was encrypted, each segment once it is proved. Raises: PieceIllisible."""
    aes, liee = AESGCM(cle), ligne.encode()
    rang, segment = 0, flux.read(SEGMENT + SCEAU)
    while True:
        suite = flux.read(SEGMENT + SCEAU)
        try:
            yield aes.decrypt(_nonce(rang, dernier=not suite), segment, liee)
        except (InvalidTag, ValueError) as erreur:
            raise PieceIllisible(f"segment {rang}") from erreur
        if not suite:
            return
        rang, segment = rang + 1, suite


def _nonce(rang: int, *, dernier: bool) -> bytes:
    """The key serves one file alone, written once: its ranks are nonces."""
    return rang.to_bytes(11, "big") + bytes([dernier])
