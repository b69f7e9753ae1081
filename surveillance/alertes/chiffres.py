"""The cell's eight weeks in figures: alerts raised, true, nothing in them, time to decide."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db.models import Count, DurationField, ExpressionWrapper, F, Q
from django.db.models.functions import TruncWeek
from django.utils import timezone

from accounts.gestion.bureau import Mediane

from ..models import Alerte

SEMAINES: Final = 8


@dataclass(frozen=True)
class Semaine:
    """The alerts raised in one week, and what became of them."""

    debut: date
    levees: int
    averees: int
    sans_suite: int
    attendent: int
    delai: timedelta | None

    @property
    def justes(self) -> int | None:
        """Of those that were decided, how many in a hundred were true; None where none is decided."""
        decidees = self.averees + self.sans_suite
        return round(100 * self.averees / decidees) if decidees else None


def semaines(*, maintenant: datetime | None = None) -> list[Semaine]:
    """Return the last eight weeks in which alerts were raised, the newest first: one query, by the date of their raising."""
    maintenant = maintenant or timezone.now()
    lundi = timezone.localtime(maintenant).replace(hour=0, minute=0, second=0, microsecond=0)
    lundi -= timedelta(days=lundi.weekday(), weeks=SEMAINES - 1)
    duree: Any = DurationField()
    lignes = (
        Alerte.objects.filter(levee_le__gte=lundi)
        .order_by()
        .annotate(semaine=TruncWeek("levee_le"))
        .values("semaine")
        .annotate(
            levees=Count("pk"),
            averees=Count("pk", filter=Q(etat=Alerte.Etat.CONFIRMEE)),
            sans_suite=Count("pk", filter=Q(etat=Alerte.Etat.ECARTEE)),
            attendent=Count("pk", filter=Q(etat=Alerte.Etat.OUVERTE)),
            delai=Mediane(ExpressionWrapper(F("examinee_le") - F("levee_le"), output_field=duree)),
        )
        .order_by("-semaine")
    )
    return [
        Semaine(
            timezone.localdate(ligne["semaine"]),
            ligne["levees"],
            ligne["averees"],
            ligne["sans_suite"],
            ligne["attendent"],
            ligne["delai"],
        )
        for ligne in lignes
    ]
