"""A letter that was set aside is made again: what kept it was put right (issue 14, item 7)."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from accounts.gestion.reprises import exiger_mis_de_cote, reprendre
from accounts.models import Agent
from accounts.traces.agents_relus import relit_l_agent
from accounts.traces.journal import consigner

from .. import actes
from ..courriers.edition import TACHE
from ..models import Courrier
from .attente import exiger_en_cours
from .depot import verrouiller
from .retours import exiger_competence


@transaction.atomic
@relit_l_agent
def reprendre_courrier(*, acteur: Agent, courrier: Courrier, maintenant: datetime | None = None) -> Courrier:
    """Have a letter that was set aside tried again, from the beginning; return it.

    Raises: AgentNonCompetent, DemandeTerminee, EnvoiNonEcarte.
    """
    maintenant = maintenant or timezone.now()
    demande = verrouiller(courrier.demande)
    exiger_competence(acteur, demande.personne)
    exiger_en_cours(demande)
    courrier = demande.courriers.select_for_update(no_key=True).get(pk=courrier.pk)
    exiger_mis_de_cote(courrier)
    reprendre(courrier, TACHE, maintenant)
    consigner(
        actes.COURRIER_REPRIS,
        auteur=acteur,
        espace=demande.espace,
        siren=demande.personne.siren,
        details={"demande": demande.reference, "numero": courrier.numero},
    )
    return courrier
