"""Claiming what waits in a queue of /gestion/, and giving it back: one agent works on it, the others see who."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone

from .. import actes
from ..models import Affaire, Agent, Contreseing
from ..saisies.regles import RegleMetier
from ..traces.agents_relus import relit_l_agent
from ..traces.journal import consigner
from .acteurs import agents_lies
from .files import File, catalogue, files_de
from .fonctions import BUREAU

CONTRESEING: Final = "CONTRESEING"  # its queue (accounts/gestion/contreseings.py)
PRISE_VAUT: Final = timedelta(hours=4)  # half a working day; then whoever comes may take it


class FileVide(RegleMetier):
    code = "file_vide"
    message = "Plus rien n’attend dans cette file : tout est traité, ou pris par d’autres agents."


class SecondRegardDUnAutre(RegleMetier):
    code = "second_regard_d_un_autre"
    message = (
        "Les actes qui attendent ici sont ceux que vous avez demandés, ou dont vous ne pouvez pas être le second regard : un autre "
        "agent les examine."
    )


class AffaireHorsCompetence(RegleMetier):
    code = "affaire_hors_competence"
    statut = 404
    message = "Cette affaire n’attend pas dans votre service."


class AffaireDejaPrise(RegleMetier):
    code = "affaire_deja_prise"
    message = "{agent} a pris cette affaire : vous pouvez la lire, et la prendre si elle est rendue."


class AffairePasLaVotre(RegleMetier):
    code = "affaire_pas_la_votre"
    message = "Vous n’avez pas pris cette affaire : il n’y a rien à rendre."


def prise_en_vigueur(maintenant: datetime) -> Q:
    """Return the condition of what somebody has claimed, and not too long ago."""
    return Q(agent__isnull=False, prise_le__gt=maintenant - PRISE_VAUT)


def en_attente(agent: Agent) -> models.QuerySet[Affaire]:
    """Return what waits in the queues that are this agent's work, of the agent's own office; the cell's are nobody's office."""
    lignes = Affaire.objects.filter(finie_le=None, file__in=[file.code for file in files_de(agent)])
    return lignes.filter(service_gestionnaire=agent.service_gestionnaire_id if agent.fonction in BUREAU else None)


def affaire_de(agent: Agent, *, files: Iterable[str], cle: str) -> Affaire | None:
    """Return what waits, or waited last, about this row in one of these queues, as this agent may see it."""
    codes = {file.code for file in files_de(agent)}.intersection(files)
    if not codes:
        return None
    return (
        Affaire.objects.filter(file__in=codes, cle=cle)
        .select_related("agent")
        .order_by(models.F("finie_le").desc(nulls_first=True))
        .first()
    )


@transaction.atomic
@relit_l_agent
def prendre_la_suivante(*, acteur: Agent, file: File, maintenant: datetime | None = None) -> Affaire:
    """Claim the oldest of this queue that nobody has, one's own first, and return it. Two agents at once get two.

    Raises: FileVide, SecondRegardDUnAutre.
    """
    maintenant = maintenant or timezone.now()
    lignes = en_attente(acteur).filter(file=file.code)
    siens: list[str] = []
    if (
        file.code == CONTRESEING
    ):  # the second look is another's than who asked, held who asked's access, or is raised by it
        pas_lui = Q(demandeur__in=agents_lies(acteur, maintenant)) | Q(parametres__agent=acteur.pk)
        demandes = Contreseing.objects.filter(pas_lui, etat=Contreseing.Etat.DEMANDE)
        siens = [str(cle) for cle in demandes.values_list("pk", flat=True)]
        lignes = lignes.exclude(cle__in=siens)
    siennes = lignes.filter(prise_en_vigueur(maintenant), agent=acteur).order_by("depuis", "pk").first()
    if siennes is not None:
        return siennes
    affaire = (
        lignes.exclude(prise_en_vigueur(maintenant))
        .select_for_update(no_key=True, skip_locked=True, of=("self",))
        .order_by("depuis", "pk")
        .first()
    )
    if affaire is None:
        raise SecondRegardDUnAutre if siens else FileVide
    return _donner(affaire, acteur, maintenant)


@transaction.atomic
@relit_l_agent
def prendre(*, acteur: Agent, affaire: Affaire, maintenant: datetime | None = None) -> Affaire:
    """Claim this very one, and return it. Raises: AffaireHorsCompetence, AffaireDejaPrise."""
    maintenant = maintenant or timezone.now()
    fraiche = _verrouiller(acteur, affaire)
    en_vigueur = fraiche.prise_le is not None and fraiche.prise_le > maintenant - PRISE_VAUT
    if en_vigueur and fraiche.agent_id == acteur.pk:
        return fraiche
    if en_vigueur:
        raise AffaireDejaPrise(agent=str(fraiche.agent))
    return _donner(fraiche, acteur, maintenant)


@transaction.atomic
@relit_l_agent
def rendre(*, acteur: Agent, affaire: Affaire) -> Affaire:
    """Give back what one has claimed, and return it. Raises: AffaireHorsCompetence, AffairePasLaVotre."""
    fraiche = _verrouiller(acteur, affaire)
    if fraiche.agent_id != acteur.pk:
        raise AffairePasLaVotre
    fraiche.agent, fraiche.prise_le = None, None
    fraiche.save(update_fields=["agent", "prise_le"])
    consigner(
        actes.AFFAIRE_RENDUE,
        auteur=acteur,
        details={"file": catalogue()[fraiche.file].libelle, "affaire": fraiche.cle},
    )
    return fraiche


def _verrouiller(acteur: Agent, affaire: Affaire) -> Affaire:
    fraiche = (
        en_attente(acteur)
        .select_for_update(no_key=True, of=("self",))
        .select_related("agent")
        .filter(pk=affaire.pk)
        .first()
    )
    if fraiche is None:
        raise AffaireHorsCompetence
    return fraiche


def _donner(affaire: Affaire, acteur: Agent, maintenant: datetime) -> Affaire:
    affaire.agent, affaire.prise_le = acteur, maintenant
    affaire.save(update_fields=["agent", "prise_le"])
    consigner(
        actes.AFFAIRE_PRISE, auteur=acteur, details={"file": catalogue()[affaire.file].libelle, "affaire": affaire.cle}
    )
    return affaire
