"""Disabling all the espaces that one cause touches, in one decision: each by the act of one (espaces/desactivation.py; R15, CGU §3.6.b).

Each in its own transaction: what one of them refuses does not keep the others open, and the decision says which. Done twice, it
finds those that are closed no more among those that are offered.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import structlog
from django.db import DatabaseError
from django.db.models import Count

from accounts.models import Agent, Espace
from accounts.saisies.regles import RegleMetier
from accounts.traces.agents_relus import FonctionChangee
from habilitations.models import Habilitation

from ..espaces.desactivation import (
    OUVERTS,
    CelluleRequise,
    MotifDeDesactivationRequis,
    PremierActeInvalide,
    desactiver_espace,
)
from ..models import Alerte, Desactivation
from .ensembles import alertes_ouvertes

ESPACES_AU_PLUS: Final = 20
"""How many espaces one decision disables at most: what an agent can read before confirming. The others stay offered."""
DE_TOUS: Final = (FonctionChangee, CelluleRequise, MotifDeDesactivationRequis, PremierActeInvalide)
"""What is refused of one would be of all: who decides, the reason, the day."""
PANNE: Final = "une erreur technique l’a empêché, recommencez"
log = structlog.get_logger("espacepro.surveillance")


class AucunEspaceDesactive(RegleMetier):
    code = "aucun_espace_desactive"
    message = "Aucun espace n’est désactivé : {refus}"


@dataclass(frozen=True)
class Portee:
    """What an espace can reach, and how many persons hold a right that it granted."""

    entreprises: int = 0
    services: int = 0
    dependants: int = 0


@dataclass(frozen=True)
class Issue:
    """What became of one espace: its disabling, or why there is none."""

    espace: Espace
    desactivation: Desactivation | None = None
    refus: str = ""


def espaces_a_desactiver(alertes: Iterable[Alerte]) -> list[Espace]:
    """Return the espaces of these alerts that can be disabled, by name: as these rows say, no query.

    All of them: one decision takes the first ESPACES_AU_PLUS.
    """
    trouves = {
        espace.pk: espace
        for alerte in alertes
        if (espace := getattr(alerte.compte, "espace", None)) is not None and espace.etat in OUVERTS
    }
    return sorted(trouves.values(), key=lambda espace: (espace.nom, espace.prenom, espace.numero_abonne))


def portees_de(espaces: Iterable[Espace]) -> dict[UUID, Portee]:
    """Return what each of these espaces can reach, and who holds a right from it: two queries."""
    tous, vivantes = list(espaces), Habilitation.objects.vivantes().order_by()
    tenues = (
        vivantes.filter(espace__in=tous)
        .values("espace")
        .annotate(entreprises=Count("personne", distinct=True), services=Count("service", distinct=True))
    )
    accordees = vivantes.filter(accordee_par__espace__in=tous).values("accordee_par__espace")
    dependants = dict(accordees.annotate(eux=Count("espace", distinct=True)).values_list("accordee_par__espace", "eux"))
    return {
        une["espace"]: Portee(une["entreprises"], une["services"], dependants.get(une["espace"], 0)) for une in tenues
    }


def desactiver_la_cause(
    *,
    acteur: Agent,
    espaces: Mapping[Espace, str],
    raison: str,
    motif: str,
    depuis: datetime,
    maintenant: datetime | None = None,
) -> list[Issue]:
    """Disable each of these espaces with all its open alerts, one act and one transaction each; return what became of each.

    `espaces`: each with the print of what the page showed of it; what changed since is refused for that one alone.
    Raises: FonctionChangee, CelluleRequise, MotifDeDesactivationRequis, PremierActeInvalide, AucunEspaceDesactive.
    """
    issues: list[Issue] = []
    for espace, montre in sorted(espaces.items(), key=lambda un: un[0].pk):
        try:
            faite = desactiver_espace(
                acteur=acteur,
                espace=espace,
                raison=raison,
                motif=motif,
                depuis=depuis,
                alertes=list(alertes_ouvertes(espace)),
                montre=montre,
                maintenant=maintenant,
            )
        except DE_TOUS as regle:
            if not issues:
                raise
            issues.append(Issue(espace, refus=str(regle)))
        except RegleMetier as regle:
            issues.append(Issue(espace, refus=str(regle)))
        except DatabaseError:
            log.exception("desactivation_de_la_cause", espace=str(espace.pk))
            issues.append(Issue(espace, refus=PANNE))
        else:
            issues.append(Issue(espace, faite))
    if not any(issue.desactivation for issue in issues):
        raise AucunEspaceDesactive(refus=" ; ".join(dict.fromkeys(issue.refus for issue in issues)))
    return issues
