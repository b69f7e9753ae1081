"""The agent who acts, as the database has it now: an act of the desk reads who acts again, under a lock, before anything else.

What the page was shown to is a memory: the function may have been withdrawn since, the office changed, the account closed.
"""

from collections.abc import Callable
from functools import wraps

from ..models import Agent
from ..saisies.regles import RegleMetier


class FonctionChangee(RegleMetier):
    code = "fonction_changee"
    message = (
        "Votre fonction a changé pendant cet acte : rien n’est fait. Revenez à l’accueil, qui montre ce qu’elle ouvre."
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


def exiger_inchange(acteur: Agent, lu: Agent) -> Agent:
    """Return the agent that was read again. Raises: FonctionChangee, also for none any more, or a closed account."""
    if lu.fonction != acteur.fonction or lu.fonction == Agent.Fonction.AUCUNE or not lu.compte.is_active:
        raise FonctionChangee
    return lu


def relit_l_agent[**P, R](acte: Callable[P, R]) -> Callable[P, R]:
    """Have an act be done by its agent (`acteur`) as the database has him now, locked: under `transaction.atomic`, first of all.

    The act compares the office with the dossier's under its own locks. Another `acteur` than an agent passes as it is.
    Raises: FonctionChangee.
    """

    @wraps(acte)
    def relu(*args: P.args, **kwargs: P.kwargs) -> R:
        acteur = kwargs.get("acteur")
        if isinstance(acteur, Agent):
            kwargs["acteur"] = exiger_inchange(acteur, verrouiller_agents(acteur.pk)[acteur.pk])
        return acte(*args, **kwargs)

    return relu
