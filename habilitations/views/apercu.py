"""The print of a page that shows habilitations (accounts/saisies/apercu.py)."""

from collections.abc import Iterable

from accounts.saisies.apercu import empreinte
from accounts.saisies.regles import RegleMetier

from ..models import Habilitation


class PlaceChangee(RegleMetier):
    """What the code would end is no longer what its page showed."""

    code = "place_changee"
    message = (
        "Les habilitations récentes qui prendraient fin ont changé : vérifiez la liste ci-dessous, puis saisissez de "
        "nouveau le code. Cet essai n'est pas compté."
    )


def empreinte_des_lignes(*listes: Iterable[Habilitation]) -> str:
    """Return the print of some lists of habilitations, whatever the order of each."""
    return empreinte(*(sorted(str(ligne.pk) for ligne in liste) for liste in listes))
