"""An answer that only makes the company wait: it says that its message came, not what it asked.

It leaves the exchange in the office's queue, taken on, with the day that its theme promises (R8; domaine.md 2.14).
"""

import re
from typing import Final

from accounts.saisies.regles import RegleMetier

_ATTENTE: Final = re.compile(
    r"\baccus(?:é|és|e|ons) (?:de )?réception\b|\bvous répondr(?:ons|ai|a)\b|\breviendr(?:ons|ai|a) vers vous\b"
)


class AccuseAvecFichier(RegleMetier):
    code = "accuse_avec_fichier"
    message = (
        "Un message qui fait patienter part sans attendre : un de ses fichiers n’est pas encore contrôlé. Ôtez-le, ou envoyez ce "
        "message comme une réponse."
    )


def parait_faire_patienter(texte: str) -> bool:
    """Whether these words of an agent promise an answer to come: the choice that the page shows first, the agent's to change."""
    return _ATTENTE.search(texte.casefold()) is not None
