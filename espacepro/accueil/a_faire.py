"""« À faire » as pages draw it: each line with the names of whom it is for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.urls import reverse

from accounts.espace.a_faire import Ligne
from services.models import PersonneSirenisee

A_L_ACCUEIL: Final = 5
"""Lines that the home page shows; the rest stand on their own page."""


@dataclass(frozen=True)
class AFaire:
    """The lines to draw, each with whom it is for, how many wait in all, and whether one of them is a code to enter."""

    lignes: list[tuple[Ligne, str]]
    total: int
    code_attendu: bool


def noms_des_personnes(lignes: Sequence[Ligne]) -> dict[int, str]:
    """Return the names of the companies of these lines, by key: one query, none when they name none."""
    cles = {cle for ligne in lignes for cle in ligne.personnes}
    return dict(PersonneSirenisee.objects.filter(pk__in=cles).values_list("pk", "denomination")) if cles else {}


def a_montrer(lignes: Sequence[Ligne], noms: Mapping[int, str], *, nombre: int | None = None) -> AFaire:
    """Return the first of these lines, all of them without `nombre`."""
    return AFaire(
        [(ligne, ligne.pour(noms)) for ligne in lignes[:nombre]],
        len(lignes),
        any(ligne.url == reverse("activer") for ligne in lignes),
    )
