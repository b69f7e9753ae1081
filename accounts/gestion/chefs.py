"""Making another head of office: asked for by a head, countersigned by another agent than the one who is raised (issue 14, item 6)."""

from collections.abc import Collection
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Model

from ..models import Agent, Contreseing
from ..saisies.regles import RegleMetier
from ..traces.agents_relus import relit_l_agent
from .contreseings import VISE, ActeGrave, demander_contreseing, inscrire
from .equipe import FonctionDejaTenue, changer_fonction, exiger_equipe

GENRE: Final = "CHEF"
SUITE: Final = (
    "L’agent devient chef de service : il donne et retire les fonctions des agents, réinitialise leurs accès et lit qui a lu quoi. "
    "Ses sessions se ferment et il est prévenu par courriel."
)


class AgentSansFonctionANommer(RegleMetier):
    code = "agent_sans_fonction_a_nommer"
    message = "{agent} n’a pas de fonction : donnez-lui d’abord celle de gestionnaire."


@transaction.atomic
@relit_l_agent
def demander_nomination(*, acteur: Agent, agent: Agent, motif: str, maintenant: datetime | None = None) -> Contreseing:
    """Ask, as a head, that an agent of the office become a head too, and return what another agent countersigns or refuses.

    Raises: ChefRequis, AgentHorsDuService, PasSoiMeme, FonctionHorsDePortee, FonctionDejaTenue, AgentSansFonctionANommer,
    MotifDeContreseingRequis, ContreseingDejaDemande.
    """
    lu = exiger_equipe(acteur, agent)
    _exiger_nommable(lu)
    return demander_contreseing(
        acteur=acteur, genre=GENRE, cle=str(lu.pk), motif=motif, parametres={VISE: lu.pk}, maintenant=maintenant
    )


def _exiger_nommable(agent: Agent) -> None:
    if agent.fonction == Agent.Fonction.CHEF:
        raise FonctionDejaTenue(agent=str(agent), fonction=agent.get_fonction_display())
    if agent.fonction != Agent.Fonction.GESTIONNAIRE:
        raise AgentSansFonctionANommer(agent=str(agent))


def _nommer(
    *, acteur: Agent, contreseing: Contreseing, montrees: Collection[UUID] | None, maintenant: datetime
) -> Agent:
    """Give the function, in the name of the head who asked: he must be one still, and the agent of the office."""
    lu = exiger_equipe(contreseing.demandeur, _agent(contreseing))
    _exiger_nommable(lu)
    return changer_fonction(contreseing.demandeur, lu, Agent.Fonction.CHEF)


def _agent(contreseing: Contreseing) -> Agent:
    return Agent.objects.select_related("compte", "service_gestionnaire").get(pk=int(contreseing.cle))


def _faits(agent: Agent, contreseing: Contreseing) -> list[tuple[str, str | Model]]:
    vise = _agent(contreseing)
    return [("Agent à nommer", f"{vise}, {vise.compte.email}"), ("Sa fonction", vise.get_fonction_display())]


def inscrire_la_nomination() -> None:
    """Declare it among the acts that two agents do."""
    inscrire(ActeGrave(code=GENRE, libelle="Nomination d’un chef de service", suite=SUITE, faire=_nommer, faits=_faits))
