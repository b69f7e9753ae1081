"""What every broken business rule has in common."""

from typing import Any, ClassVar


class RegleMetier(Exception):
    """A business rule said no. One subclass per rule: a stable `code`, a French `message` for the person concerned.

    `message` is a format string filled with the keyword arguments, which stay readable as `contexte`. `statut` is the
    HTTP status of the form shown again with it.
    """

    code: ClassVar[str] = "regle"
    statut: ClassVar[int] = 200
    message: ClassVar[str] = "Cette opération n’est pas possible."

    def __init__(self, **contexte: Any) -> None:
        self.contexte = contexte
        super().__init__(self.message.format(**contexte))


class EssaiRefuse(RegleMetier):
    """A rule that refuses a try and counts it all the same: raised within `accounts.compteurs.essais.essai_compte`."""
