"""What every broken business rule has in common."""

from string import Formatter
from typing import Any, ClassVar, Final

from .elisions import de


class _Francais(Formatter):
    """As `str.format`; `{nom:de}` writes « de » before a name, elided where it must be."""

    def format_field(self, value: Any, format_spec: str) -> str:
        return de(value) if format_spec == "de" else str(super().format_field(value, format_spec))


_FRANCAIS: Final = _Francais()


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
        super().__init__(_FRANCAIS.vformat(self.message, (), contexte))


class EssaiRefuse(RegleMetier):
    """A rule that refuses a try and counts it all the same: raised within `accounts.compteurs.essais.essai_compte`."""
