"""Finding rows from the keys of one's own, inside the statement: neither thousands of keys sent, nor the country read.

`adhesion IN (SELECT …)` leaves PostgreSQL free to read all délégations and keep those that are in the list (1.67 million
entries at 5 million habilitations). `adhesion = ANY (ARRAY (SELECT …))` reads the keys first, then each by its index.
"""

from collections.abc import Collection
from typing import Any, Final

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import BooleanField, F, Func, QuerySet, Subquery

from accounts.models import Espace

from ..models import Habilitation

CLES_AU_PLUS: Final = 100
"""Beyond, keys are not sent: all that the espace holds is read, and what is asked for is picked out."""


class _EgaleAUne(Func):
    template = "(%(expressions)s))"
    arg_joiner = " = ANY ("
    output_field = BooleanField()
    conditional = True


class _UneDeCelles(Func):
    """`IN` that PostgreSQL does not turn into a join: it reads the keys once, and looks each row up among them."""

    template = "(%(expressions)s) IS TRUE"
    arg_joiner = " IN "
    output_field = BooleanField()
    conditional = True


def parmi(colonne: str, cles: QuerySet[Any, Any]) -> _EgaleAUne:
    """Return the condition that this column is one of the values of this queryset of one column."""
    return _EgaleAUne(F(colonne), ArraySubquery(cles.order_by()))


def accordees_sous(
    habilitations: QuerySet[Habilitation], espace: Espace, *, personnes: Collection[int] | None = None
) -> QuerySet[Habilitation]:
    """Narrow to what this espace granted, found on the adhésions of what it holds (of these personnes, where they are given).

    What is live hangs under what is live, on the same adhésion (triggers of habilitations/0002).
    """
    siennes = Habilitation.objects.vivantes().filter(espace=espace).order_by()
    if personnes is not None:
        siennes = siennes.filter(personne__in=personnes)
    return habilitations.filter(
        parmi("adhesion", siennes.values("adhesion")),
        _UneDeCelles(F("accordee_par"), Subquery(siennes.values("pk"))),
    )
