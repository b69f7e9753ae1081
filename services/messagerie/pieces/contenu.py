"""What a file says: read segment by segment, compared without being held whole."""

from collections.abc import Collection, Iterable, Iterator
from itertools import zip_longest

from ...models import PieceJointe
from ...models.messagerie import SecretIllisible
from . import chiffrement, stockage
from .chiffrement import PieceIllisible


def lire(piece: PieceJointe) -> Iterator[bytes]:
    """Yield what this file says, whatever the scan said: for the scan itself, and to compare. Raises: PieceIllisible."""
    try:
        cle = piece.desceller_cle()
        with stockage.ouvrir(piece.fichier) as flux:
            yield from chiffrement.dechiffrer(flux, cle=cle, ligne=piece.ligne)
    except (OSError, SecretIllisible) as erreur:  # the storage's, not the daemon's to which it is being sent
        raise PieceIllisible(f"{type(erreur).__name__}: {erreur}") from erreur


def dit(piece: PieceJointe, contenu: bytes) -> bool:
    """Whether this file says exactly that; one that cannot be read does not."""
    if piece.taille != len(contenu):
        return False
    try:
        return b"".join(lire(piece)) == contenu
    except PieceIllisible:
        return False


def sont_les_memes(pieces: Iterable[PieceJointe], parmi: Collection[PieceJointe]) -> bool:
    """Whether each of these files is one of those, by its name and by what it says; one that cannot be read is none of them."""
    return all(any(_est_la_meme(piece, autre) for autre in parmi) for piece in pieces)


def _est_la_meme(une: PieceJointe, autre: PieceJointe) -> bool:
    if (une.nom, une.taille) != (autre.nom, autre.taille):
        return False
    try:
        # Segments have one length: two files that say the same are cut alike.
        return all(ici == la for ici, la in zip_longest(lire(une), lire(autre)))
    except PieceIllisible:
        return False
