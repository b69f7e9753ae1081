"""What an agent says of a demande: its letter came back, or it is refused."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from accounts.envois.reveil import reveiller
from accounts.models import Agent
from accounts.saisies.dates import jour
from accounts.saisies.regles import RegleMetier
from accounts.traces.agents_relus import relit_l_agent
from accounts.traces.journal import consigner
from services.models import PersonneSirenisee

from .. import actes
from ..courriers.edition import TACHE
from ..models import Courrier, Demande
from .attente import exiger_en_cours
from .depot import prevenir, terminer, verrouiller
from .plafonds import TACHE_AVANCEMENT


class AgentNonCompetent(RegleMetier):
    code = "demande_d_un_autre_service"
    message = "Cette demande relève d’un autre service gestionnaire que le vôtre."


class CourrierSansRetour(RegleMetier):
    code = "courrier_sans_retour"
    message = "Cette lettre ne peut pas être revenue : {raison}."


class CourrierDejaRevenu(RegleMetier):
    code = "courrier_deja_revenu"
    message = "Cette lettre est déjà enregistrée comme revenue{le}."


class CourrierNonDate(RegleMetier):
    code = "courrier_non_date"
    message = "Cette lettre n’attend aucune date : elle est partie, elle va partir, ou une autre la remplace."


class MotifRequis(RegleMetier):
    code = "motif_requis"
    message = "Dites au demandeur, en 300 caractères au plus, pourquoi : il lit votre motif."


MOTIF_LONGUEUR = 300


def exiger_competence(agent: Agent, personne: PersonneSirenisee) -> None:
    """Check that this personne belongs to the agent's own service (design.md §1). Raises: AgentNonCompetent."""
    if agent.service_gestionnaire_id != personne.service_gestionnaire_id:
        raise AgentNonCompetent


def _sans_retour(courrier: Courrier) -> str:
    """Return why this letter cannot have come back, "" when it can: the post returns what was handed to it."""
    if courrier.remplace_le is not None:
        return "une lettre plus récente la remplace, et son code ne vaut plus ; ce papier est à détruire"
    if courrier.etat == Courrier.Etat.A_EDITER:
        return "elle n’est pas encore éditée"
    if courrier.etat == Courrier.Etat.EDITE:
        return "elle est éditée, et n’a pas encore été remise à La Poste"
    return ""


def retour_possible(courrier: Courrier) -> bool:
    """Whether an agent may record that this letter came back."""
    return courrier.demande.est_en_cours and courrier.etat != Courrier.Etat.NPAI and not _sans_retour(courrier)


@transaction.atomic
@relit_l_agent
def constater_retour(*, acteur: Agent, courrier: Courrier, maintenant: datetime | None = None) -> Courrier:
    """Record that the post returned this letter (NPAI): its code dies, and another letter may be asked for at once.

    Raises: AgentNonCompetent, DemandeTerminee, CourrierDejaRevenu, CourrierSansRetour.
    """
    maintenant = maintenant or timezone.now()
    demande = verrouiller(courrier.demande)
    exiger_competence(acteur, demande.personne)
    exiger_en_cours(demande)
    courrier = demande.courriers.select_for_update(no_key=True).get(pk=courrier.pk)
    if courrier.etat == Courrier.Etat.NPAI:
        raise CourrierDejaRevenu(le=f" le {jour(courrier.revenu_le)}" if courrier.revenu_le else "")
    if raison := _sans_retour(courrier):
        raise CourrierSansRetour(raison=raison)
    courrier.etat, courrier.revenu_le = Courrier.Etat.NPAI, maintenant
    courrier.save(update_fields=["etat", "revenu_le"])
    consigner(
        actes.COURRIER_REVENU,
        auteur=acteur,
        espace=demande.espace,
        siren=demande.personne.siren,
        details={"demande": demande.reference, "numero": courrier.numero},
    )
    prevenir(
        demande,
        "courrier_revenu",
        f"courrier-revenu-{courrier.numero}",
        gestionnaire=demande.personne.service_gestionnaire.nom,
    )
    return courrier


@transaction.atomic
@relit_l_agent
def laisser_partir(*, acteur: Agent, courrier: Courrier, maintenant: datetime | None = None) -> Courrier:
    """Let one dated letter leave now, whatever the caps, for who shows the agent that they ask for this company.

    Raises: AgentNonCompetent, DemandeTerminee, CourrierNonDate.
    """
    maintenant = maintenant or timezone.now()
    demande = verrouiller(courrier.demande)
    exiger_competence(acteur, demande.personne)
    exiger_en_cours(demande)
    courrier = demande.courriers.select_for_update(no_key=True).get(pk=courrier.pk)
    if courrier.remplace_le is not None or not courrier.attend_son_jour(maintenant):
        raise CourrierNonDate
    courrier.pas_avant = courrier.prochain_essai_le = maintenant
    courrier.save(update_fields=["pas_avant", "prochain_essai_le"])
    reveiller(TACHE, courrier.pk)
    reveiller(TACHE_AVANCEMENT, demande.pk)  # the day that it waited for is another's
    consigner(
        actes.COURRIER_LIBERE,
        auteur=acteur,
        espace=demande.espace,
        siren=demande.personne.siren,
        details={"demande": demande.reference, "numero": courrier.numero},
    )
    return courrier


def exiger_motif(motif: str) -> str:
    """Return on one line what an agent wrote for the requester. Raises: MotifRequis."""
    motif = " ".join(motif.split())
    if not 0 < len(motif) <= MOTIF_LONGUEUR:
        raise MotifRequis
    return motif


@transaction.atomic
@relit_l_agent
def refuser_demande(*, acteur: Agent, demande: Demande, motif: str, maintenant: datetime | None = None) -> Demande:
    """Refuse a demande that waits, and tell its requester why; its code dies. Return it.

    For the représentant légal who called: the letter asks to, when the demande is not theirs.
    Raises: AgentNonCompetent, MotifRequis, DemandeTerminee.
    """
    maintenant = maintenant or timezone.now()
    motif = exiger_motif(motif)
    demande = verrouiller(demande)
    exiger_competence(acteur, demande.personne)
    exiger_en_cours(demande)
    consigner(
        actes.DEMANDE_REFUSEE,
        auteur=acteur,
        espace=demande.espace,
        siren=demande.personne.siren,
        details={"demande": demande.reference, "nature": demande.nature},
    )
    prevenir(demande, "demande_refusee", "refusee", motif=motif)
    demande.motif_refus = motif
    terminer(demande, Demande.Etat.REFUSEE, maintenant)
    return demande
