"""Alerts that one cause raised within hours are one thing to look at: a network that tries many accounts is not many affairs (R15)."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.db.models import QuerySet

from accounts.models import Espace

from ..models import Alerte

ECART: Final = timedelta(hours=6)
"""Between two alerts of one cause and kind: beyond, they are two occasions."""
LUES_AU_PLUS: Final = 500
DU_COMPTE: Final = "compte:"
"""How a cause begins that is of one account alone (signaux/signalement.py)."""


@dataclass(frozen=True)
class Ensemble:
    """What one cause raised: the alerts, the oldest first, of which the first one's page speaks for all."""

    alertes: list[Alerte]

    @property
    def premiere(self) -> Alerte:
        return self.alertes[0]

    @property
    def comptes(self) -> int:
        """How many accounts it touches."""
        return len({alerte.compte_id for alerte in self.alertes})

    @property
    def fois(self) -> int:
        """How often it was seen."""
        return sum(alerte.nombre for alerte in self.alertes)


def est_commune(cause: str) -> bool:
    """Whether this cause can be of several accounts."""
    return bool(cause) and not cause.startswith(DU_COMPTE)


def assembler(alertes: Iterable[Alerte]) -> list[Ensemble]:
    """Return these alerts as sets of one kind, one cause and one occasion, the gravest first, then the oldest."""
    ensembles: list[Ensemble] = []
    derniers: dict[tuple[str, str], Ensemble] = {}
    for alerte in sorted(alertes, key=lambda a: (a.levee_le, str(a.pk))):
        cle = (alerte.motif, alerte.cause)
        dernier = derniers.get(cle) if est_commune(alerte.cause) else None
        if dernier is not None and alerte.levee_le - dernier.alertes[-1].levee_le <= ECART:
            dernier.alertes.append(alerte)
            continue
        derniers[cle] = nouveau = Ensemble([alerte])
        ensembles.append(nouveau)
    return sorted(ensembles, key=lambda e: (-max(a.gravite for a in e.alertes), e.premiere.levee_le))


def ouvertes() -> QuerySet[Alerte]:
    """Return the alerts that wait, the gravest first, then the oldest."""
    lignes = Alerte.objects.filter(etat=Alerte.Etat.OUVERTE).select_related("compte__espace", "compte__agent")
    return lignes.order_by("-gravite", "levee_le", "pk")


def alertes_ouvertes(espace: Espace) -> QuerySet[Alerte]:
    """Return what waits about this espace, the oldest first."""
    return Alerte.objects.filter(compte__espace=espace, etat=Alerte.Etat.OUVERTE).order_by("levee_le", "pk")


def ensembles_ouverts() -> tuple[list[Ensemble], bool]:
    """Return what waits, assembled, and whether more waits than is read."""
    lues = list(ouvertes()[: LUES_AU_PLUS + 1])
    return assembler(lues[:LUES_AU_PLUS]), len(lues) > LUES_AU_PLUS


def ensemble_de(alerte: Alerte) -> Ensemble:
    """Return what waits of the same cause and occasion as this alert, itself included while it waits."""
    if alerte.etat != Alerte.Etat.OUVERTE or not est_commune(alerte.cause):
        return Ensemble([alerte])
    meme_cause = ouvertes().filter(motif=alerte.motif, cause=alerte.cause)[:LUES_AU_PLUS]
    return _qui_contient(assembler(meme_cause), alerte)


def _qui_contient(ensembles: Collection[Ensemble], alerte: Alerte) -> Ensemble:
    return next((e for e in ensembles if any(a.pk == alerte.pk for a in e.alertes)), Ensemble([alerte]))
