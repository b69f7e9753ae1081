"""The clock of the demonstration's past: while its world is made, Django's « now » is the day of the story."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, tzinfo
from typing import Any, Self

from django.conf import settings
from django.db.models import F
from django.db.models.functions import Greatest
from django.utils import timezone

from accounts.models import Affaire


class _Horloge(type(datetime)):  # type: ignore[misc]  # the metaclass of datetime, which has no name
    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, datetime)


@contextmanager
def il_y_a(jours: float) -> Iterator[datetime]:
    """Have `timezone.now()`, and the defaults of columns that call it, say so many days ago. Yields that moment.

    In the process of the command that fills a demonstration, where nothing else runs. Raises RuntimeError elsewhere.
    """
    if not settings.DEMONSTRATION:
        raise RuntimeError("the clock is moved for a demonstration only")
    decalage = timedelta(days=jours)

    class Recule(datetime, metaclass=_Horloge):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Self:
            return datetime.now(tz) - decalage  # type: ignore[return-value]  # a plain datetime, as everywhere

    vrai = timezone.datetime  # type: ignore[attr-defined]  # what its `now` asks, also through a column's default
    timezone.datetime = Recule  # type: ignore[attr-defined]
    finies = set(Affaire.objects.filter(finie_le__isnull=False).values_list("pk", flat=True))
    try:
        yield timezone.now()
    finally:
        timezone.datetime = vrai  # type: ignore[attr-defined]
    # The triggers that end what waits in a queue ask the database's clock, which nothing moves.
    Affaire.objects.filter(finie_le__isnull=False).exclude(pk__in=finies).update(
        finie_le=Greatest(F("finie_le") - decalage, F("depuis"))
    )
