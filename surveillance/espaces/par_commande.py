"""Giving an access back by the command of the exploitation: the same two agents, the same proof (R16; design.md §6).

For an office whose desk cannot be reached: both agents say on the telephone what they saw. The journal names them and says that the
exploitation entered it; the office and who received the holder are told by mail, as after a page. The slip is not the command's: whoever printed it could read it.
"""

from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils import timezone

from accounts.gestion.contreseings import contresigner
from accounts.models import Agent, Espace
from accounts.traces.agents_relus import verrouiller_agents
from accounts.traces.journal import consigner

from .. import actes
from ..models import Retablissement
from .retablissement import demander_retablissement

ACTEUR: Final = "systeme:retablir_espace"


@transaction.atomic
def retablir_espace(
    *,
    acteur: str = ACTEUR,
    espace: Espace,
    demandeur: Agent,
    second: Agent,
    piece: str,
    piece_derniers: str,
    legitimite: str,
    motif: str,
    nouvelle_adresse: str = "",
    maintenant: datetime | None = None,
) -> Retablissement:
    """Open this espace again, as the agent who received its holder and another one say; return how.

    Raises: what `demander_retablissement` and `accounts.gestion.contreseings.contresigner` refuse.
    """
    maintenant = maintenant or timezone.now()
    verrouiller_agents(demandeur.pk, second.pk)  # both before the espace: the order of each act of two agents
    contreseing = demander_retablissement(
        acteur=demandeur,
        espace=espace,
        piece=piece,
        piece_derniers=piece_derniers,
        legitimite=legitimite,
        motif=motif,
        nouvelle_adresse=nouvelle_adresse,
        maintenant=maintenant,
    )
    contresigner(acteur=second, contreseing=contreseing, maintenant=maintenant)
    retablissement = Retablissement.objects.filter(espace=espace, demandeur=demandeur, second=second).latest(
        "accorde_le"
    )
    consigner(actes.RETABLISSEMENT_SAISI, auteur=acteur, espace=espace, details={"reference": str(retablissement.pk)})
    return retablissement
