"""The agents of one office, looked after by its head: giving and withdrawing a function, never above one's own (issue 14, item 6)."""

from django.db import transaction

from .. import actes
from ..envois.courriels import deposer
from ..models import Affaire, Agent, Compte
from ..saisies.regles import RegleMetier
from ..sessions.ouvertures import fermer_toutes
from ..traces.agents_relus import verrouiller_agents
from ..traces.journal import consigner
from .fonctions import CHEFS, DONNEES

Fonction = Agent.Fonction


class ChefRequis(RegleMetier):
    code = "chef_requis"
    message = "Seul le chef du service donne et retire les fonctions de ses agents."


class AgentHorsDuService(RegleMetier):
    code = "agent_hors_du_service"
    statut = 404
    message = "Cet agent n’est pas de votre service."


class PasSoiMeme(RegleMetier):
    code = "pas_soi_meme"
    message = "Nul ne change ses propres fonctions ni ne réinitialise son propre accès : adressez-vous à un autre chef, ou à l’exploitation."


class FonctionHorsDePortee(RegleMetier):
    code = "fonction_hors_de_portee"
    message = "La fonction « {fonction} » n’est pas de celles que votre service donne ou retire : c’est l’affaire de l’exploitation."


class ChefParDeuxAgents(RegleMetier):
    code = "chef_par_deux_agents"
    message = "Un chef de service est nommé par deux agents : demandez sa nomination, qu’un autre agent contresigne."


class FonctionDejaTenue(RegleMetier):
    code = "fonction_deja_tenue"
    message = "{agent} a déjà cette fonction : {fonction}."


def exiger_equipe(acteur: Agent, agent: Agent) -> Agent:
    """Return this agent as the database has it now, locked with the head who acts: both stay what they are meanwhile.

    Raises: ChefRequis, AgentHorsDuService, PasSoiMeme, FonctionHorsDePortee.
    """
    lus = verrouiller_agents(acteur.pk, agent.pk)
    chef, lu = lus[acteur.pk], lus[agent.pk]
    if chef.fonction not in CHEFS or not chef.compte.is_active:
        raise ChefRequis
    if lu.service_gestionnaire_id != chef.service_gestionnaire_id:
        raise AgentHorsDuService
    if lu.pk == chef.pk:
        raise PasSoiMeme
    if lu.fonction != Fonction.AUCUNE and lu.fonction not in DONNEES[Fonction(chef.fonction)]:
        raise FonctionHorsDePortee(fonction=lu.get_fonction_display())
    return lu


@transaction.atomic
def donner_fonction(*, acteur: Agent | str, agent: Agent, fonction: str) -> Agent:
    """Give a function to an agent of one's office, within what one's own gives (`DONNEES`); the command gives all of them.

    Another head is made by two agents (chefs.py). Raises: ChefRequis, AgentHorsDuService, PasSoiMeme, FonctionHorsDePortee,
    ChefParDeuxAgents, FonctionDejaTenue.
    """
    nouvelle = Fonction(fonction)
    if isinstance(acteur, Agent):
        lu = exiger_equipe(acteur, agent)
        if nouvelle not in DONNEES[Fonction.CHEF]:
            raise FonctionHorsDePortee(fonction=nouvelle.label)
        if nouvelle == Fonction.CHEF:
            raise ChefParDeuxAgents
    else:
        lu = verrouiller_agents(agent.pk)[agent.pk]
    return changer_fonction(acteur, lu, nouvelle)


@transaction.atomic
def retirer_fonction(*, acteur: Agent, agent: Agent) -> Agent:
    """Leave an agent of one's office without a function: no door opens, the sessions close, what was claimed is free again.

    Raises: ChefRequis, AgentHorsDuService, PasSoiMeme, FonctionHorsDePortee, FonctionDejaTenue.
    """
    return changer_fonction(acteur, exiger_equipe(acteur, agent), Fonction.AUCUNE)


def changer_fonction(acteur: Agent | str, agent: Agent, nouvelle: Agent.Fonction) -> Agent:
    """Write another function of an agent who is locked, in the transaction of the act that has checked it. Raises: FonctionDejaTenue."""
    ancienne = Fonction(agent.fonction)
    if nouvelle == ancienne:
        raise FonctionDejaTenue(agent=str(agent), fonction=ancienne.label)
    agent.fonction = nouvelle
    agent.save(update_fields=["fonction"])
    # What a session may do is asked at each page; who has no function any more, or another rank, signs in again.
    fermer_toutes(acteur=Compte.objects.select_for_update(no_key=True).get(pk=agent.compte_id))
    if nouvelle == Fonction.AUCUNE:
        Affaire.objects.filter(agent=agent, finie_le=None).update(agent=None, prise_le=None)
    ligne = consigner(
        actes.AGENT_FONCTION,
        auteur=acteur,
        details={"agent": agent.pk, "ancienne": ancienne.label, "fonction": nouvelle.label},
    )
    deposer(
        "agent_fonction",
        destinataire=agent.compte.email,
        acte=f"agent.fonction:{ligne.pk}",
        contexte={
            "nom": str(agent),
            "par": str(acteur) if isinstance(acteur, Agent) else "l’exploitation",
            "ancienne": ancienne.label,
            "nouvelle_fonction": nouvelle.label,
        },
    )
    return agent
