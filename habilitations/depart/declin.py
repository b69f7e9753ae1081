"""Declining a recent grant, alone and at once (R11); leaving a service that one uses is habilitations/depart/retraits.py."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from accounts.models import Espace

from .. import actes
from ..arbre.cascade import relire, verrouiller_adhesions
from ..arbre.lots import AucuneLigne, LigneRefusee, LignesRefusees, verrouiller_acteur
from ..arbre.recentes import PlusDeclinable, finir, indecises
from ..arbre.retrait import HabilitationTerminee
from ..models import Habilitation
from .retraits import PasLaVotre


@transaction.atomic
def decliner(
    *, acteur: Espace, habilitations: Collection[Habilitation], maintenant: datetime | None = None
) -> list[Habilitation]:
    """End these recent grants of one's own, all or none, before their first use and within fifteen days (R11).

    Their place is free at once; each grantor is told. Raises: AucuneLigne, ActeurNonActif, LignesRefusees (PasLaVotre,
    HabilitationTerminee, PlusDeclinable).
    """
    maintenant = maintenant or timezone.now()
    if not habilitations:
        raise AucuneLigne
    acteur = verrouiller_acteur(acteur)
    verrouiller_adhesions(habilitation.adhesion_id for habilitation in habilitations)
    declinables = {habilitation.pk: habilitation for habilitation in indecises(acteur, maintenant=maintenant)}
    refusees = []
    for habilitation in relire(habilitation.pk for habilitation in habilitations):
        if habilitation.espace_id != acteur.pk:
            refusees.append(LigneRefusee(habilitation.personne, habilitation.service, PasLaVotre()))
        elif not habilitation.est_vivante:
            refusees.append(LigneRefusee(habilitation.personne, habilitation.service, HabilitationTerminee()))
        elif habilitation.pk not in declinables:
            refusees.append(LigneRefusee(habilitation.personne, habilitation.service, PlusDeclinable()))
    if refusees:
        raise LignesRefusees(refusees)
    return finir(
        [declinables[habilitation.pk] for habilitation in habilitations],
        acteur=acteur,
        acte=actes.HABILITATION_DECLINEE,
        motif=Habilitation.MotifFin.DECLINEE,
        genre="habilitation_declinee",
        maintenant=maintenant,
    )
