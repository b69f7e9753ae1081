"""Refused, but the try is counted: the one shape of it (CGU §3.2, R9, R11; design.md §8)."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction

from ..saisies.regles import EssaiRefuse


@contextmanager
def essai_compte() -> Iterator[None]:
    """One transaction that an `EssaiRefuse` does not undo: what was counted is committed, then the rule goes on.

    Any other exception undoes all, as in any act. It is the outermost transaction or nothing (RuntimeError): inside a
    larger one the count would go when that one is undone. Also a decorator, for an act that is one try.
    """
    refus: EssaiRefuse | None = None
    with transaction.atomic(durable=True):
        try:
            yield
        except EssaiRefuse as regle:
            refus = regle
    if refus is not None:
        raise refus
