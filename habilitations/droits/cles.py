"""Finding rows from the keys of one's own, inside the statement: neither thousands of keys sent, nor the country read.

`adhesion IN (SELECT …)` leaves PostgreSQL free to read all délégations and keep those that are in the list (1.67 million
entries at 5 million habilitations). `adhesion = ANY (ARRAY (SELECT …))` reads the keys first, then each by its index.
"""

from typing import Any, Final

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import BooleanField, F, Func, QuerySet

CLES_AU_PLUS: Final = 100
"""Beyond, keys are not sent: all that the espace holds is read, and what is asked for is picked out."""


class _EgaleAUne(Func):
    template = "(%(expressions)s))"
    arg_joiner = " = ANY ("
    output_field = BooleanField()
    conditional = True


def parmi(colonne: str, cles: QuerySet[Any, Any]) -> _EgaleAUne:
    """Return the condition that this column is one of the values of this queryset of one column."""
    return _EgaleAUne(F(colonne), ArraySubquery(cles.order_by()))
