"""Turning the key of the IBAN (docs/exploitation.md)."""

from typing import Final

from django.db import transaction

from accounts.traces.journal import consigner

from .. import actes
from ..models import ReferenceBancaire

COMPTES_PAR_LOT: Final = 200


def rechiffrer_iban(*, acteur: str) -> int:
    """Encrypt again, under the first key of CLE_CHIFFREMENT, the IBAN that another one keeps. Return how many.

    In batches of one transaction each, so that a run that dies half-way is run again.
    Raises: SecretIllisible, when a key that wrote is not given any more: nothing of that batch is written.
    """
    nombre, suite = 0, ReferenceBancaire.objects.all()
    while True:
        with transaction.atomic():
            lot = list(suite.select_for_update(no_key=True).order_by("pk")[:COMPTES_PAR_LOT])
            perimees = [reference for reference in lot if reference.a_rechiffrer]
            for reference in perimees:
                reference.sceller_iban(reference.desceller_iban())
            ReferenceBancaire.objects.bulk_update(perimees, ["iban_chiffre"])
            if perimees:
                consigner(actes.COMPTES_BANCAIRES_RECHIFFRES, auteur=acteur, details={"nombre": len(perimees)})
        nombre += len(perimees)
        if not lot:
            return nombre
        suite = ReferenceBancaire.objects.filter(pk__gt=lot[-1].pk)
