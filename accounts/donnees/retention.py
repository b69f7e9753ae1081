"""How long each thing is kept: one table, read by the public page and obeyed by the purge (R24, CGU §5, CNIL 2021-122).

Every app adds its lines in `AppConfig.ready`. The purge goes by small batches, each in its own transaction; a row that
was purged is no longer due, so it may run twice, be cut short, or run beside itself.
"""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum

from django.db import models, transaction
from django.db.models import Model, Q, QuerySet
from django.utils import timezone

from .. import actes
from ..traces.journal import consigner

LIGNES_PAR_LOT = 500
DUREE_TACHE = 200.0  # seconds: below the soft limit of a task; the next run goes on
AN = timedelta(days=365.25)


class Sort(Enum):
    """What becomes of a row at the end of its time."""

    EFFACER = "effacées"
    ANONYMISER = "rendues anonymes"
    AILLEURS = "effacées par la tâche de leur table"
    CONSERVER = "conservées"


@dataclass(frozen=True, kw_only=True)
class Conservation:
    """One line of the table. `duree` and `depart` are what the person reads; `echues` says the same to the database."""

    cle: str
    modele: type[Model]
    donnees: str
    finalite: str
    duree: str
    depart: str
    fondement: str
    sort: Sort
    echues: Callable[[datetime], Q] | None = None
    vide: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if (self.sort in (Sort.EFFACER, Sort.ANONYMISER)) != (self.echues is not None):
            raise ValueError(f"{self.cle}: a rule that purges says which rows are due, and no other does")
        if (self.sort is Sort.ANONYMISER) != bool(self.vide):
            raise ValueError(f"{self.cle}: a rule that makes anonymous says what it writes, and no other does")

    @property
    def prend_fin(self) -> bool:
        """Whether the rows go, or lose what they say, at the end of their time."""
        return self.sort is not Sort.CONSERVER

    def lignes(self, maintenant: datetime) -> QuerySet[Model]:
        """Return the rows whose time is over; for ANONYMISER, those that still say something."""
        if self.echues is None:
            return self.modele._default_manager.none()
        lignes = self.modele._default_manager.filter(self.echues(maintenant))
        return lignes.exclude(**self.vide) if self.vide else lignes


_TABLE: list[Conservation] = []


def inscrire(*regles: Conservation) -> None:
    """Add lines to the table; the lowest floor is ready last and its lines come first.

    Raises ValueError for a key that is taken.
    """
    cles = [regle.cle for regle in (*regles, *_TABLE)]
    if len(set(cles)) < len(cles):
        raise ValueError(f"two retention rules are named alike: {cles}")
    _TABLE[:0] = regles


def table() -> list[Conservation]:
    """Return the whole table, in the order in which the public page shows it."""
    return list(_TABLE)


def duree_lisible(duree: timedelta) -> str:
    """Return `30 jours`, `13 mois`, `6 ans`: what a setting says, as a person reads it."""
    jours = duree.days
    if jours >= 2 * 365:
        return f"{round(jours / 365.25)} ans"
    if jours >= 60:
        return f"{round(jours / 30.44)} mois"
    return f"{jours} jours" if jours > 1 else f"{round(duree.total_seconds() / 3600)} heures"


@dataclass(frozen=True)
class Bilan:
    """What the purge did for one rule; `reste` when time ran out before it was done."""

    regle: Conservation
    nombre: int
    reste: bool = False


def purger(
    *,
    acteur: str = "systeme:purger",
    maintenant: datetime | None = None,
    essai: bool = False,
    lot: int = LIGNES_PAR_LOT,
    duree: float | None = None,
) -> list[Bilan]:
    """Apply the table and return what was done, rule by rule; with `essai`, only count and write nothing.

    One batch of each rule in turn, so that none starves another, for `duree` seconds at most.
    """
    maintenant = maintenant or timezone.now()
    regles = [regle for regle in table() if regle.echues is not None]
    if essai:
        return [Bilan(regle, regle.lignes(maintenant).count()) for regle in regles]
    fin = time.monotonic() + duree if duree is not None else math.inf
    nombres = dict.fromkeys((regle.cle for regle in regles), 0)
    a_faire = list(regles)
    while a_faire and time.monotonic() < fin:
        for regle in list(a_faire):
            fait = _purger_lot(regle, maintenant, lot, acteur)
            nombres[regle.cle] += fait
            if fait < lot:
                a_faire.remove(regle)
    return [Bilan(regle, nombres[regle.cle], regle in a_faire) for regle in regles]


@transaction.atomic
def _purger_lot(regle: Conservation, maintenant: datetime, lot: int, auteur: str) -> int:
    """Purge one batch of one rule, journal it, and return its size. Rows that somebody holds are left to the next run."""
    cles = [
        ligne.pk
        for ligne in regle.lignes(maintenant)
        .select_for_update(no_key=regle.sort is Sort.ANONYMISER, skip_locked=True, of=("self",))
        .only("pk")
        .order_by()[:lot]  # no order: an index on the date gives the first that are due
    ]
    if not cles:
        return 0
    lignes = regle.modele._default_manager.filter(pk__in=cles)
    if regle.sort is Sort.ANONYMISER:
        lignes.update(**regle.vide)
    else:
        lignes.delete()
    consigner(actes.PURGE_FAITE, auteur=auteur, details={"regle": regle.cle, "nombre": len(cles)})
    return len(cles)


def modeles_couverts() -> set[type[models.Model]]:
    """Return the models that the table speaks of."""
    return {regle.modele for regle in _TABLE}


def regle_de(modele: type[models.Model]) -> Conservation | None:
    """Return the line that says why the rows of this model are kept, and how long; the first when there are several.

    So the one that holds for all rows is declared first, what is kept less long after it.
    """
    return next((regle for regle in _TABLE if regle.modele is modele), None)
