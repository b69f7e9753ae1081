"""The perimeter of an espace: at most 100 SIREN (R13, CGU §3.5)."""

from collections.abc import Iterable

from django.conf import settings

from accounts.models import Espace
from accounts.regles import RegleMetier
from services.models import PersonneSirenisee

from .models import Habilitation


class PerimetreDepasse(RegleMetier):
    code = "perimetre_depasse"
    message = (
        "Cet espace gère déjà {actuel} SIREN : il ne peut pas dépasser {limite}. Créez un autre espace expert et "
        "répartissez les SIREN entre vos espaces, par substitution ou par délégation."
    )


def compter_siren(espace: Espace) -> int:
    """Return how many SIREN this espace holds, ACTIVE and EN_VEILLE alike (design.md §8)."""
    return Habilitation.objects.vivantes().filter(espace=espace).values("personne").distinct().count()


def exiger_place(espace: Espace, personnes: Iterable[PersonneSirenisee]) -> None:
    """Check that these personnes fit into the perimeter. The espace's row must be locked by the caller.

    Raises: PerimetreDepasse. An espace above 100 (imported) may still receive a SIREN that it already holds.
    """
    tenues = set(Habilitation.objects.vivantes().filter(espace=espace).values_list("personne_id", flat=True).distinct())
    nouvelles = {personne.pk for personne in personnes} - tenues
    if nouvelles and len(tenues) + len(nouvelles) > settings.PERIMETRE_SIREN:
        raise PerimetreDepasse(actuel=len(tenues), limite=settings.PERIMETRE_SIREN)
