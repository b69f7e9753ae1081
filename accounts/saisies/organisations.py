"""Whose a SIREN is, asked of the floor above that knows it (design.md §2)."""

from collections.abc import Callable

_ANNUAIRES: list[Callable[[str], str]] = []


def inscrire_annuaire(annuaire: Callable[[str], str]) -> None:
    """Add a way from a SIREN to its name; "" where it is not known."""
    _ANNUAIRES.append(annuaire)


def denomination(siren: str) -> str:
    """Return the name that goes with this SIREN, "" where it is not known or none is given."""
    noms = (annuaire(siren) for annuaire in _ANNUAIRES if siren)
    return next((nom for nom in noms if nom), "")
