"""The print of a page that shows habilitations (accounts/saisies/apercu.py)."""

from collections.abc import Iterable

from accounts.saisies.apercu import empreinte

from ..models import Habilitation


def empreinte_des_lignes(*listes: Iterable[Habilitation]) -> str:
    """Return the print of some lists of habilitations, whatever the order of each."""
    return empreinte(*(sorted(str(ligne.pk) for ligne in liste) for liste in listes))
