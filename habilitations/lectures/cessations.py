"""What pages say of a personne that the register has closed: what can still be done for it, and until when (design.md §8)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.conf import settings

from services.models import PersonneSirenisee

from ..models import Cessation
from ..models.cessation import DELAI_DE_CESSATION


@dataclass(frozen=True)
class AvisDeCessation:
    """One closed personne; `cessation` None where its office has not been told yet."""

    personne: PersonneSirenisee
    cessation: Cessation | None

    @property
    def restreinte_le(self) -> datetime | None:
        """Since when consultation alone is left."""
        return self.cessation.restreinte_le if self.cessation else None

    @property
    def maintenue(self) -> bool:
        """Whether the office keeps everything until `echeance`."""
        return self.cessation is not None and self.cessation.maintenue_jusqu_au is not None

    @property
    def echeance(self) -> date | datetime | None:
        """The last day of what the office keeps; the day from which, undecided, consultation alone is left."""
        if self.cessation is None:
            return None
        return self.cessation.maintenue_jusqu_au or self.cessation.constatee_le + DELAI_DE_CESSATION

    @property
    def prescription(self) -> datetime | None:
        """Until when what is left can be consulted."""
        return self.cessation.constatee_le + settings.PRESCRIPTION_FISCALE if self.cessation else None


def avis_de_cessation(personnes: Iterable[PersonneSirenisee]) -> list[AvisDeCessation]:
    """Return what is to be said of those of these personnes that are closed: one query, none where all are open."""
    closes = [p for p in personnes if not p.admet_de_nouveaux_droits]
    if not closes:
        return []
    cessations = {c.personne_id: c for c in Cessation.objects.filter(personne__in=closes, terminee_le=None)}
    return [AvisDeCessation(personne, cessations.get(personne.pk)) for personne in closes]
