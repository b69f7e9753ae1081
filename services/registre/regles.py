"""The rules of the register that several of its acts share."""

from accounts.models import Agent
from accounts.saisies.regles import RegleMetier

from ..models import PersonneSirenisee


class PersonneHorsCompetence(RegleMetier):
    code = "personne_hors_competence"
    message = "Cette personne ne relève pas de votre service gestionnaire."


class PreuveNonDite(RegleMetier):
    code = "preuve_non_dite"
    message = "Dites quelle preuve vous avez vue, en 500 caractères au plus : extrait Kbis du…, procès-verbal du…"


def exiger_competence(agent: Agent, personne: PersonneSirenisee) -> None:
    """Check that this personne belongs to the agent's own service (design.md §1). Raises: PersonneHorsCompetence."""
    if agent.service_gestionnaire_id != personne.service_gestionnaire_id:
        raise PersonneHorsCompetence


def exiger_preuve(preuve: str, longueur: int) -> str:
    """Return what an agent wrote of the proof seen, on one line. Raises: PreuveNonDite."""
    preuve = " ".join(preuve.split())
    if not 0 < len(preuve) <= longueur:
        raise PreuveNonDite
    return preuve
