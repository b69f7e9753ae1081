"""Withdrawing authority from several lines at once: what suppléants, délégations and requests to leave share."""

import uuid
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts.models import Espace
from accounts.saisies.regles import RegleMetier
from accounts.traces.actes import Acte

from ..models import Habilitation
from . import avis
from .cascade import dessous, relire, reprendre, reprendre_gardees, terminer, verrouiller_adhesions
from .lots import AucuneLigne, DroitInsuffisant, LigneRefusee, LignesRefusees, siennes, verrouiller_acteur
from .montrees import exiger_montrees

# (the actor's own habilitation, the one to withdraw) -> why not, or None.
Permise = Callable[[Habilitation, Habilitation], RegleMetier | None]


class HabilitationTerminee(RegleMetier):
    code = "habilitation_terminee"
    message = "cette habilitation a déjà pris fin"


@transaction.atomic
def retirer(
    *,
    acteur: Espace,
    habilitations: Collection[Habilitation],
    permise: Permise,
    acte: Acte,
    reprise: bool,
    maintenant: datetime | None,
    gardees: Collection[Habilitation] = (),
    montrees: Collection[UUID] | None = None,
) -> list[Habilitation]:
    """End all these habilitations, or none; what hangs below falls, or goes under the actor's own (`reprise`).

    What the same act keeps (`gardees`) goes there too, with what hangs under it. Journals each, mails the actor and whoever loses something. Returns what ended.
    `montrees`: the keys of what its page showed to hang below. Raises: AucuneLigne, ActeurNonActif, LignesRefusees, ApercuChange.
    """
    maintenant = maintenant or timezone.now()
    if not habilitations:
        raise AucuneLigne
    acteur = verrouiller_acteur(acteur)
    verrouiller_adhesions(habilitation.adhesion_id for habilitation in habilitations)
    fraiches = relire(habilitation.pk for habilitation in habilitations)
    miennes = siennes(acteur, {h.adhesion_id for h in fraiches}, jour=timezone.localdate(maintenant))
    refusees = []
    for habilitation in fraiches:
        mienne = miennes.get(habilitation.adhesion_id)
        if mienne is None:
            regle: RegleMetier | None = DroitInsuffisant()
        elif not habilitation.est_vivante:
            regle = HabilitationTerminee()
        else:
            regle = permise(mienne, habilitation)
        if regle is not None:
            refusees.append(LigneRefusee(habilitation.personne, habilitation.service, regle))
    if refusees:
        raise LignesRefusees(refusees)
    exiger_montrees(montrees, dessous([h.pk for h in fraiches], sauf=[gardee.pk for gardee in gardees]))
    if reprise:
        reprendre(fraiches, repreneurs=miennes, auteur=acteur)
    elif gardees:
        reprendre_gardees(fraiches, gardees, repreneurs=miennes, auteur=acteur)
    terminees = terminer(fraiches, auteur=acteur, acte=acte, motif=Habilitation.MotifFin.RETRAIT, maintenant=maintenant)
    _prevenir(acteur, terminees)
    return terminees


def _prevenir(acteur: Espace, terminees: Sequence[Habilitation]) -> None:
    lot = uuid.uuid4()
    groupes = avis.par_espace(terminees)
    for espace, leurs in groupes.items():
        avis.ecrire(
            "habilitation_retiree",
            espace=espace,
            de=acteur,
            acte=f"habilitations-retirees:{lot}",
            habilitations=leurs,
            acteur=acteur.nom_complet,
        )
    avis.ecrire(
        "habilitation_retiree_confirmation",
        espace=acteur,
        de=next(iter(groupes)) if len(groupes) == 1 else acteur,
        acte=f"habilitations-retirees-par:{lot}",
        habilitations=terminees,
        beneficiaires=sorted(espace.nom_complet for espace in groupes),
    )
