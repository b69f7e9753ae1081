"""What a page of confirmation showed. Its form posts back a print of it, so that the POST does that and nothing else.

What was chosen stays in the session, which all the tabs of a browser share: without the print, confirming in one tab
would do what was chosen last in another.
"""

import hashlib
import json
from collections.abc import Iterable
from typing import Any, Final

from django.http import HttpRequest
from django.utils.crypto import constant_time_compare

from accounts.saisies.regles import RegleMetier

from ..models import Habilitation

CHAMP: Final = "apercu"
CHANGE: Final = (
    "Rien n'a été enregistré : ce que cette page montrait a changé, peut-être dans un autre onglet. "
    "Vérifiez, puis confirmez."
)


class PlaceChangee(RegleMetier):
    """What the code would end is no longer what its page showed."""

    code = "place_changee"
    message = (
        "Les habilitations récentes qui prendraient fin ont changé : vérifiez la liste ci-dessous, puis saisissez de "
        "nouveau le code. Cet essai n'est pas compté."
    )


def empreinte(*montre: Any) -> str:
    """Return the print of what is shown; the order of a list counts."""
    return hashlib.sha256(json.dumps(montre, default=str, sort_keys=True).encode()).hexdigest()


def empreinte_des_lignes(*listes: Iterable[Habilitation]) -> str:
    """Return the print of some lists of habilitations, whatever the order of each."""
    return empreinte(*(sorted(str(ligne.pk) for ligne in liste) for liste in listes))


def est_ce_qui_a_ete_montre(request: HttpRequest, apercu: str) -> bool:
    """Whether this POST confirms a page that showed what has this print."""
    return constant_time_compare(request.POST.get(CHAMP, ""), apercu)
