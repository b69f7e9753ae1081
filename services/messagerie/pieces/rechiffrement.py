"""Turning the key under which the keys of the attachments are kept (docs/exploitation.md)."""

from typing import Final

from django.db import transaction

from accounts.traces.journal import consigner

from ... import actes
from ...models import PieceJointe

PIECES_PAR_LOT: Final = 500


def rechiffrer_pieces(*, acteur: str) -> int:
    """Seal again, under the first key of CLE_CHIFFREMENT, the keys that another one keeps; no file is touched. Return how many.

    In batches of one transaction each, so that a run that dies half-way is run again.
    Raises: SecretIllisible, when a key that wrote is not given any more: nothing of that batch is written.
    """
    nombre, suite = 0, PieceJointe.objects.all()
    while True:
        with transaction.atomic():
            lot = list(suite.select_for_update(no_key=True).order_by("pk")[:PIECES_PAR_LOT])
            perimees = [piece for piece in lot if piece.a_rechiffrer]
            for piece in perimees:
                piece.sceller_cle(piece.desceller_cle())
            PieceJointe.objects.bulk_update(perimees, ["cle"])
            if perimees:
                consigner(actes.PIECES_RECHIFFREES, auteur=acteur, details={"nombre": len(perimees)})
        nombre += len(perimees)
        if not lot:
            return nombre
        suite = PieceJointe.objects.filter(pk__gt=lot[-1].pk)
