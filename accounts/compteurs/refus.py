"""A ceiling that refuses: what it refused is counted apart from what it bounds, and stands in the journal (design.md §8).

What the ceiling counts does not grow by a refusal: pressing again puts off nobody's morrow. The refusals have a counter of their
own, of each espace or agent, ceiling and company, and the journal tells of the first, the tenth and the hundredth of 24 hours:
who hammers a ceiling writes three lines, not thousands.
"""

from collections.abc import Callable
from functools import wraps
from typing import ClassVar, Final

from django.db import transaction

from .. import actes
from ..models import Agent, Espace
from ..saisies.regles import EssaiRefuse
from ..traces.journal import auteur_de, consigner
from . import debit
from .essais import essai_compte

DITS: Final = (1, 10, 100)
"""Which refusals of 24 hours the journal tells of; beyond the last one, none is counted any more."""


class PlafondAtteint(EssaiRefuse):
    """A rule that bounds how much somebody does: raised within an act that is `@plafonne`.

    `plafond` says in French what is bounded, as the journal has it. A `personne` in its context is the company concerned.
    """

    plafond: ClassVar[str] = ""


def plafonne[**P, R](acte: Callable[P, R]) -> Callable[P, R]:
    """Have this act, whose actor is its `acteur`, leave a count and a line when a ceiling refuses it; all else of it is undone.

    One transaction, the outermost (RuntimeError inside a larger one: the count would go when that one is undone).
    Raises: what the act raises.
    """

    @wraps(acte)
    def compte(*args: P.args, **kwargs: P.kwargs) -> R:
        rendus: list[R] = []
        with essai_compte():
            try:
                with transaction.atomic():
                    rendus.append(acte(*args, **kwargs))
            except PlafondAtteint as refus:
                _noter(refus, kwargs["acteur"])
                raise
        return rendus[0]

    return compte


def _noter(refus: PlafondAtteint, acteur: object) -> None:
    """Count this refusal of this actor, and journal it where its turn has come; within the transaction of its act."""
    if not isinstance(acteur, (Espace, Agent)):
        raise TypeError(f"a ceiling bounds an espace or an agent, not {type(acteur).__name__}")
    personne = refus.contexte.get("personne")
    siren = "" if personne is None else personne.siren
    cle = debit.empreinte("plafond-refuse", f"{refus.code}|{auteur_de(acteur)}|{siren}")
    if debit.reserver(cle, debit.Bareme(libres=DITS[-1], pas=1, limite=DITS[-1])) is None:
        return
    nombre = debit.nombre(cle)
    if nombre in DITS:
        consigner(
            actes.REFUS_PLAFOND,
            auteur=acteur,
            siren=siren,
            details={"plafond": refus.plafond, "nombre": nombre},
        )
