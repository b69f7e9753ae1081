"""What a page of confirmation showed. Its form posts back a print of it, so that the POST does that and nothing else.

What was chosen stays in the session, which all the tabs of a browser share: without the print, confirming in one tab
would do what was chosen last in another.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

from django.utils.crypto import constant_time_compare

CHAMP: Final = "apercu"
CHANGE: Final = (
    "Rien n’a été enregistré : ce que cette page montrait a changé, peut-être dans un autre onglet. "
    "Vérifiez, puis confirmez."
)


def empreinte(*montre: Any) -> str:
    """Return the print of what is shown; the order of a list counts."""
    return hashlib.sha256(json.dumps(montre, default=str, sort_keys=True).encode()).hexdigest()


def est_ce_qui_a_ete_montre(posees: Mapping[str, str], apercu: str) -> bool:
    """Whether what is posted confirms a page that showed what has this print."""
    return constant_time_compare(posees.get(CHAMP, ""), apercu)
