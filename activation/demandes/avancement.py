"""A place that is given back serves who waits: dated letters advance, each in its turn (design.md §8)."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from accounts.envois.reveil import reveiller
from accounts.envois.un_a_un import chacun
from accounts.traces.journal import consigner

from .. import actes
from ..courriers.edition import TACHE
from ..models import Courrier, Demande
from .depot import verrouiller
from .plafonds import depart_du_courrier

VUES = timedelta(days=1)  # how long ago a demande may have ended for the job to look at who waits behind it


def avancer_courriers(
    *,
    acteur: str = "systeme:avancer_courriers",
    demande: str | None = None,
    maintenant: datetime | None = None,
    nombre: int = 500,
) -> int:
    """Give an earlier day to the letters that wait behind this demande, or behind all that ended lately; return how many.

    Behind it wait those to the same company and those of the same espace. In turn: who holds a live habilitation, who bears
    the name on record, others; the first that asked first. Each in a transaction of its own: it locks the espace that asked.
    """
    maintenant = maintenant or timezone.now()
    finies = (
        Demande.objects.filter(pk=demande) if demande else Demande.objects.filter(terminee_le__gt=maintenant - VUES)
    )
    derriere = Q(demande__personne__in=finies.values("personne")) | Q(demande__espace__in=finies.values("espace"))
    lettres = Courrier.objects.en_attente().filter(
        derriere, pas_avant__gt=maintenant, remplace_le=None, demande__etat__in=Demande.ETATS_EN_COURS
    )
    cles = list(lettres.order_by("priorite", "cree_le", "pk").values_list("pk", flat=True)[:nombre])
    return chacun("courriers_avances", cles, lambda cle: _avancer(cle, acteur, maintenant))


def _avancer(cle: UUID, acteur: str, maintenant: datetime) -> bool:
    demande = verrouiller(Demande.objects.get(courriers=cle))
    courrier = demande.courriers.select_for_update(no_key=True).get(pk=cle)
    if not demande.est_en_cours or courrier.remplace_le is not None or not courrier.attend_son_jour(maintenant):
        return False
    tour, depart = depart_du_courrier(demande.espace, demande.personne, maintenant=maintenant, sauf=courrier)
    if courrier.pas_avant is None or depart >= courrier.pas_avant:
        return False
    courrier.priorite, courrier.pas_avant, courrier.prochain_essai_le = tour, depart, depart
    courrier.save(update_fields=["priorite", "pas_avant", "prochain_essai_le"])
    if depart <= maintenant:
        reveiller(TACHE, courrier.pk)
    consigner(
        actes.COURRIER_AVANCE,
        auteur=acteur,
        espace=demande.espace,
        siren=demande.personne.siren,
        details={"demande": demande.reference, "numero": courrier.numero},
    )
    return True
