"""What each function of an agent opens, in one place: who acts, who reads one office, who reads the country (issue 14, item 6)."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from ..models import Agent

BUREAU: Final = frozenset({Agent.Fonction.GESTIONNAIRE, Agent.Fonction.CHEF})
"""Those who act on the dossiers of their own office, and read no other's."""
SURVEILLANCE: Final = frozenset({Agent.Fonction.SURVEILLANCE})
"""The cell: reads every dossier, and acts by its own acts alone."""
LECTEURS: Final = BUREAU | SURVEILLANCE
"""Those who read dossiers."""
DU_PAYS: Final = frozenset({Agent.Fonction.SURVEILLANCE, Agent.Fonction.AUDITEUR})
"""Those who read, of what they may read, the rows of every office."""
CONTROLE: Final = frozenset({Agent.Fonction.CHEF, Agent.Fonction.SURVEILLANCE, Agent.Fonction.AUDITEUR})
"""Those who read who has read what: a head of office, of the agents of that office."""
TOUTES: Final = frozenset(Agent.Fonction) - {Agent.Fonction.AUCUNE}
"""Those who pass the door: who has no function any more does not."""
CHEFS: Final = frozenset({Agent.Fonction.CHEF})
"""Those who look after the agents of their own office."""
DONNEES: Final[Mapping[Agent.Fonction, frozenset[Agent.Fonction]]] = MappingProxyType({Agent.Fonction.CHEF: BUREAU})
"""What each function gives and withdraws within its own office: never above itself. The command gives all of them."""
