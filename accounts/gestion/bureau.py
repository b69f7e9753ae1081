"""What the home of /gestion/ shows an agent: the queues, what is late, the office's week, one's own work; four queries."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Aggregate, Count, DurationField, F, Min, Q, QuerySet, Window
from django.db.models.functions import RowNumber
from django.utils import timezone

from .. import actes
from ..models import Affaire, Agent, Evenement
from ..traces.journal import auteur_de
from .affaires import PRISE_VAUT, en_attente, prise_en_vigueur
from .files import File, catalogue, files_de
from .fonctions import BUREAU

EN_TETE: Final = 10  # rows of each queue that the home page may name
DERNIERS_ACTES: Final = 6
SEMAINE: Final = timedelta(days=7)
# Claims are how one works, not what one has done.
_SANS_OUVRAGE = (actes.AFFAIRE_PRISE.code, actes.AFFAIRE_RENDUE.code)


class Mediane(Aggregate):
    """The middle value, by PostgreSQL."""

    function = "PERCENTILE_CONT"
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)%(filter)s"
    output_field = DurationField()


@dataclass
class EtatFile:
    """One queue as the home page says it."""

    file: File
    nombre: int = 0
    en_retard: int = 0
    plus_ancienne: Affaire | None = None
    prises: dict[str, int] = field(default_factory=dict)
    """How many each agent has claimed, by name; « Vous » for the reader."""

    @property
    def libres(self) -> int:
        """How many nobody has."""
        return self.nombre - sum(self.prises.values())


@dataclass(frozen=True)
class Chiffres:
    """The office's week in four figures."""

    en_attente: int
    en_retard: int
    delai: timedelta | None
    delai_avant: timedelta | None
    traitees: int
    traitees_par_vous: int


@dataclass(frozen=True)
class Bureau:
    """All that the home page tells of the work of one office, and of one agent in it."""

    files: list[EtatFile]
    en_retard: list[Affaire]
    siennes: list[Affaire]
    chiffres: Chiffres


def lire_bureau(agent: Agent, *, maintenant: datetime | None = None) -> Bureau:
    """Return the desk of this agent's office: three queries, whatever waits."""
    maintenant = maintenant or timezone.now()
    etats = {file.code: EtatFile(file) for file in files_de(agent)}
    if not etats:
        return Bureau([], [], [], Chiffres(0, 0, None, None, 0, 0))
    tard = _en_retard(maintenant, etats)
    for ligne in (
        en_attente(agent)
        .order_by()
        .values("file")
        .annotate(nombre=Count("pk"), tard=Count("pk", filter=tard), ancienne=Min("depuis"))
    ):
        etat = etats[ligne["file"]]
        etat.nombre, etat.en_retard = ligne["nombre"], ligne["tard"]
    en_tete = _en_tete(agent, maintenant)
    for affaire in en_tete:
        etat = etats[affaire.file]
        etat.plus_ancienne = etat.plus_ancienne or affaire
        if affaire.agent is not None and est_prise(affaire, maintenant):
            qui = "Vous" if affaire.agent_id == agent.pk else str(affaire.agent)
            etat.prises[qui] = etat.prises.get(qui, 0) + 1
    return Bureau(
        files=list(etats.values()),
        en_retard=[a for a in en_tete if a.depuis < maintenant - catalogue()[a.file].retard][:EN_TETE],
        siennes=[a for a in en_tete if a.agent_id == agent.pk and est_prise(a, maintenant)],
        chiffres=_chiffres(agent, etats.values(), maintenant),
    )


def est_prise(affaire: Affaire, maintenant: datetime) -> bool:
    """Whether somebody has it now."""
    return affaire.agent_id is not None and affaire.prise_le is not None and affaire.prise_le > maintenant - PRISE_VAUT


def _en_retard(maintenant: datetime, etats: Collection[str]) -> Q:
    tard = Q(pk=None)
    for code in etats:
        tard |= Q(file=code, depuis__lt=maintenant - catalogue()[code].retard)
    return tard


def _en_tete(agent: Agent, maintenant: datetime) -> list[Affaire]:
    """Return the oldest of each queue and all that is claimed, the oldest first: one query."""
    rang = Window(RowNumber(), partition_by=[F("file")], order_by=[F("depuis").asc(), F("pk").asc()])
    return list(
        en_attente(agent)
        .annotate(rang=rang)
        .filter(Q(rang__lte=EN_TETE) | prise_en_vigueur(maintenant))
        .select_related("agent", "espace")
        .order_by("depuis", "pk")
    )


def chiffres_de(agent: Agent, file: File, *, maintenant: datetime | None = None) -> Chiffres:
    """Return the four figures of one queue of this agent's office: one query, what waits and what is done by an index each."""
    maintenant = maintenant or timezone.now()
    attend = Q(finie_le=None)
    lignes = _du_bureau(agent).filter(attend | Q(finie_le__gt=maintenant - 2 * SEMAINE), file=file.code)
    return Chiffres(
        **lignes.aggregate(
            en_attente=Count("pk", filter=attend),
            en_retard=Count("pk", filter=attend & _en_retard(maintenant, [file.code])),
            **_semaine(agent, maintenant),
        )
    )


def _chiffres(agent: Agent, etats: Collection[EtatFile], maintenant: datetime) -> Chiffres:
    finies = _du_bureau(agent).filter(
        file__in=[etat.file.code for etat in etats], finie_le__gt=maintenant - 2 * SEMAINE
    )
    return Chiffres(
        en_attente=sum(etat.nombre for etat in etats),
        en_retard=sum(etat.en_retard for etat in etats),
        **finies.aggregate(**_semaine(agent, maintenant)),
    )


def _du_bureau(agent: Agent) -> QuerySet[Affaire]:
    """What waits or waited in the office of this agent; in the cell's queues for the others."""
    return Affaire.objects.filter(
        service_gestionnaire=agent.service_gestionnaire_id if agent.fonction in BUREAU else None
    )


def _semaine(agent: Agent, maintenant: datetime) -> dict[str, Aggregate]:
    """How long what is done took, this week and the one before, and what was done today."""
    aujourd_hui = timezone.localtime(maintenant).replace(hour=0, minute=0, second=0, microsecond=0)
    return {
        "delai": Mediane(F("finie_le") - F("depuis"), filter=Q(finie_le__gt=maintenant - SEMAINE)),
        "delai_avant": Mediane(F("finie_le") - F("depuis"), filter=Q(finie_le__lte=maintenant - SEMAINE)),
        "traitees": Count("pk", filter=Q(finie_le__gte=aujourd_hui)),
        "traitees_par_vous": Count("pk", filter=Q(finie_le__gte=aujourd_hui, agent=agent)),
    }


def derniers_actes(agent: Agent) -> list[Evenement]:
    """Return the last acts of this agent, the newest first: one query, by the index of the numbers, then the hours decide."""
    lus = Evenement.objects.filter(auteur=auteur_de(agent)).exclude(acte__in=_SANS_OUVRAGE).order_by("-pk")
    return sorted(lus[:DERNIERS_ACTES], key=lambda lu: (lu.quand, lu.pk), reverse=True)
