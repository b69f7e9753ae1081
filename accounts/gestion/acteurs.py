"""Who has held the access of whom: nobody is the second look of an account that he may hold (issue 14, item 6)."""

from datetime import datetime, timedelta
from typing import Final

from django.db.models import Q
from django.utils import timezone

from .. import actes
from ..models import Agent, Evenement

ACCES_TOUCHE: Final = timedelta(days=15)
"""For how long whoever changed an agent's access or function counts as having held it: the agent is told by mail, and comes back."""
_PAR_UN_AGENT: Final = "agent:"


def agents_lies(agent: Agent, maintenant: datetime | None = None) -> set[int]:
    """Return the agents who are no second look for this one, himself first: one changed the access or the function of the other
    within `ACCES_TOUCHE`, or a chain of such acts joins them. The exploitation's own acts bind nobody.
    """
    touches = Evenement.objects.filter(
        acte__in=[actes.AGENT_REINITIALISE.code, actes.AGENT_FONCTION.code],
        quand__gte=(maintenant or timezone.now()) - ACCES_TOUCHE,
        auteur__startswith=_PAR_UN_AGENT,
        # The condition of the index that reads them, word for word.
        details__has_key="agent",
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
