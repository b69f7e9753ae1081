"""What a page of writing showed of a draft: what leaves is that, whatever another tab has made of the draft meanwhile.

The form posts it back as `montre`; the act compares it under its locks.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from uuid import UUID, uuid5

from ..models import Brouillon, Message, PieceJointe
from .pieces.contenu import sont_les_memes

_RIEN: Final = UUID(int=0)


@dataclass(frozen=True)
class BrouillonMontre:
    """The print of the words of a draft, None where there was none, and the keys of its files; written as a form carries it."""

    mots: UUID | None = None
    pieces: frozenset[UUID] = frozenset()

    def __str__(self) -> str:
        return "".join(cle.hex for cle in (self.mots or _RIEN, *sorted(self.pieces)))


def mots_de(brouillon: Brouillon | None) -> UUID | None:
    """Return what tells the words of this draft from any other."""
    if brouillon is None:
        return None
    return uuid5(brouillon.pk, "\0".join((brouillon.theme, brouillon.objet, brouillon.texte)))


def change_ailleurs(brouillon: Brouillon | None, montre: BrouillonMontre, texte: str, objet: str = "") -> bool:
    """Whether keeping these words over a draft would lose others that its page has not shown; the files stay, and empty words are none."""
    if brouillon is None or (brouillon.objet, brouillon.texte) in {("", ""), (objet, texte)}:
        return False
    return mots_de(brouillon) != montre.mots


def montrer(brouillon: Brouillon | None, pieces: Iterable[PieceJointe]) -> BrouillonMontre:
    """Return what a page shows of this draft and of its files."""
    return BrouillonMontre(mots_de(brouillon), frozenset(piece.pk for piece in pieces))


def lire_montre(saisie: str) -> BrouillonMontre:
    """Return what a form says that its page showed; what cannot be read showed nothing."""
    try:
        mots, *pieces = (UUID(saisie[debut : debut + 32]) for debut in range(0, len(saisie), 32))
    except ValueError:
        return BrouillonMontre()
    return BrouillonMontre(None if mots == _RIEN else mots, frozenset(pieces))


def est_le_meme_envoi(deja: Message, *, texte: str, montre: BrouillonMontre | None) -> bool:
    """Whether a form that has sent this message says the same again: its text, and its files, also when a browser sends them anew.

    Files are compared by what they say: a corrected one often bears the name, and may have the size, of the one before.
    """
    if deja.texte != texte:
        return False
    siennes = list(deja.pieces_jointes.all())
    nouvelles = (montre.pieces if montre is not None else frozenset()) - {piece.pk for piece in siennes}
    return not nouvelles or sont_les_memes(PieceJointe.objects.filter(pk__in=nouvelles), siennes)
