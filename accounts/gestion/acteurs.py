"""Who acts at the desk, as the database has it now; and who has held the access of whom (issue 14, item 6)."""

from datetime import datetime, timedelta
from typing import Final

from django.db.models import Q
from django.utils import timezone

from .. import actes
from ..models import Agent, Evenement
from ..saisies.regles import RegleMetier

ACCES_TOUCHE: Final = timedelta(days=15)
"""For how long whoever changed an agent's access or function counts as having held it: the agent is told by mail, and comes back."""
_PAR_UN_AGENT: Final = "agent:"


class FonctionChangee(RegleMetier):
    code = "fonction_changee"
    message = (
        "Votre fonction a changé pendant cet acte : rien n’est fait. Revenez à l’accueil, qui montre ce qu’elle ouvre."
    )


def verrouiller_agents(*cles: int) -> dict[int, Agent]:
    """Return these agents as they are now, locked in the order of their keys: before any dossier, so nobody waits in a ring."""
    return {
        lu.pk: lu
        for lu in Agent.objects.select_for_update(no_key=True, of=("self",))
        .select_related("compte", "service_gestionnaire")
        .filter(pk__in=set(cles))
        .order_by("pk")
    }


def relire_agent(acteur: Agent) -> Agent:
    """Return the agent who acts as the database has it now, locked: office and function stay what they are meanwhile.

    The office decides with the dossier, in the act. Raises: FonctionChangee, for another function than the page was shown
    to, for none any more, or for a closed account.
    """
    return exiger_inchange(acteur, verrouiller_agents(acteur.pk)[acteur.pk])


def exiger_inchange(acteur: Agent, lu: Agent) -> Agent:
    """Return the agent that was read again. Raises: FonctionChangee."""
    if lu.fonction != acteur.fonction or lu.fonction == Agent.Fonction.AUCUNE or not lu.compte.is_active:
        raise FonctionChangee
    return lu


def agents_lies(agent: Agent, maintenant: datetime | None = None) -> set[int]:
    """Return the agents who are no second look for this one, himself first: one changed the access or the function of the other
    within `ACCES_TOUCHE`, or a chain of such acts joins them. The exploitation's own acts bind nobody.
    """
    touches = Evenement.objects.filter(
        acte__in=[actes.AGENT_REINITIALISE.code, actes.AGENT_FONCTION.code],
        quand__gte=(maintenant or timezone.now()) - ACCES_TOUCHE,
        auteur__startswith=_PAR_UN_AGENT,
    )
    lies, suivants = set[int](), {agent.pk}
    while suivants:
        lies |= suivants
        auteurs = [f"{_PAR_UN_AGENT}{cle}" for cle in suivants]
        liens = touches.filter(Q(auteur__in=auteurs) | Q(details__agent__in=sorted(suivants))).order_by()
        paires = liens.values_list("auteur", "details__agent")
        suivants = {
            cle for auteur, touche in paires for cle in (int(auteur.removeprefix(_PAR_UN_AGENT)), touche)
        } - lies
    return lies
