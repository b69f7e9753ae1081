"""Changing the last day of délégations (CGU §3.4.b-d): brought forward, put off, or taken away."""

import uuid
from collections.abc import Collection, Sequence
from datetime import date, datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts.models import Espace
from accounts.saisies import dates
from accounts.saisies.regles import RegleMetier
from accounts.traces.journal import consigner

from .. import actes
from ..arbre import avis
from ..arbre.cascade import dessous, relire, verrouiller_adhesions, verrouiller_personnes
from ..arbre.lots import AucuneLigne, DroitInsuffisant, LigneRefusee, LignesRefusees, siennes, verrouiller_acteur
from ..arbre.montrees import exiger_montrees
from ..arbre.retrait import HabilitationTerminee
from ..models import Habilitation
from .delegations import retrait_permis
from .designations import CessationConstatee, exiger_fin_a_venir


def refus_de_changer(
    mienne: Habilitation | None, delegation: Habilitation, *, expire_le: date | None, jour: date
) -> RegleMetier | None:
    """Return why the holder of `mienne` may not make `expire_le` the last day of this délégation, None when he may.

    Whoever may withdraw it may: it is less (design.md §4). One that is past its day is over, even before the job ends it.
    Where the register has closed the personne nothing is put off, as nothing is granted.
    """
    if mienne is None:
        return DroitInsuffisant()
    if not delegation.est_vivante or (delegation.expire_le is not None and delegation.expire_le < jour):
        return HabilitationTerminee()
    regle = retrait_permis(mienne, delegation)
    avant = delegation.expire_le
    repousse = avant is not None and (expire_le is None or expire_le > avant)
    if regle is None and repousse and not delegation.personne.admet_de_nouveaux_droits:
        return CessationConstatee()
    return regle


def echeances(
    delegations: Collection[Habilitation], dessous_d_elles: Collection[Habilitation], voulues: dict[UUID, date | None]
) -> dict[UUID, date | None]:
    """Return the last day that each of these would have: none outlasts what it hangs under.

    `voulues` are the days asked for, by key. What hangs below keeps its own day unless it must be brought forward.
    """
    toutes = {h.pk: h for h in (*dessous_d_elles, *delegations)}
    au_dessus = {h.accordee_par_id for h in toutes.values() if h.accordee_par_id is not None} - toutes.keys()
    plafonds: dict[UUID, date | None] = dict(
        Habilitation.objects.filter(pk__in=au_dessus).values_list("pk", "expire_le")
    )

    def calculer(h: Habilitation) -> date | None:
        if h.pk not in plafonds:
            superieure = h.accordee_par_id
            if superieure in toutes:
                calculer(toutes[superieure])
            demandee = voulues.get(h.pk, h.expire_le)
            jours = (demandee, plafonds[superieure] if superieure is not None else None)
            plafonds[h.pk] = min((jour for jour in jours if jour), default=None)
        return plafonds[h.pk]

    return {cle: calculer(h) for cle, h in toutes.items()}


@transaction.atomic
def changer_fin(
    *,
    acteur: Espace,
    delegations: Collection[Habilitation],
    expire_le: date | None,
    montrees: Collection[UUID] | None = None,
    maintenant: datetime | None = None,
) -> list[Habilitation]:
    """Make `expire_le` the last day of these délégations, or none their last; journal and mail; return what changed.

    None outlasts what it hangs under, and what hangs below and would outlast it is brought forward with it.
    Raises: AucuneLigne, ActeurNonActif, FinPassee, LignesRefusees (DroitInsuffisant, HabilitationTerminee,
    PasUneDelegation, CessationConstatee), ApercuChange.
    """
    maintenant = maintenant or timezone.now()
    jour = timezone.localdate(maintenant)
    if not delegations:
        raise AucuneLigne
    exiger_fin_a_venir(expire_le, jour=jour)
    acteur = verrouiller_acteur(acteur)
    verrouiller_personnes(delegation.adhesion_id for delegation in delegations)
    verrouiller_adhesions(delegation.adhesion_id for delegation in delegations)
    cles = {delegation.pk for delegation in delegations}
    fraiches, tenues = relire(cles), relire(dessous(cles))
    miennes = siennes(acteur, {h.adhesion_id for h in fraiches}, jour=jour)
    refusees = [
        LigneRefusee(delegation.personne, delegation.service, regle)
        for delegation in fraiches
        if (regle := refus_de_changer(miennes.get(delegation.adhesion_id), delegation, expire_le=expire_le, jour=jour))
    ]
    if refusees:
        raise LignesRefusees(refusees)
    exiger_montrees(montrees, [h.pk for h in tenues])
    nouvelles = echeances(fraiches, tenues, dict.fromkeys(cles, expire_le))
    changees = [h for h in (*fraiches, *tenues) if h.expire_le != nouvelles[h.pk]]
    for delegation in changees:
        avant, delegation.expire_le = delegation.expire_le, nouvelles[delegation.pk]
        delegation.save(update_fields=["expire_le"])
        consigner(
            actes.DELEGATION_FIN_CHANGEE,
            auteur=acteur,
            espace=delegation.espace,
            siren=delegation.personne.siren,
            service=delegation.service.code,
            details={
                "role": delegation.role,
                "avant": avant and avant.isoformat(),
                "expire_le": delegation.expire_le and delegation.expire_le.isoformat(),
            },
        )
    _prevenir(acteur, changees)
    return changees


def _prevenir(acteur: Espace, changees: Sequence[Habilitation]) -> None:
    """Tell each holder, and the actor once, by new last day: a mail says one day."""
    lot = uuid.uuid4()
    for jour in dict.fromkeys(h.expire_le for h in changees):
        groupes = avis.par_espace([h for h in changees if h.expire_le == jour])
        for espace, leurs in groupes.items():
            avis.ecrire(
                "delegation_fin_changee",
                espace=espace,
                de=acteur,
                acte=f"fin-changee:{lot}:{jour}",
                habilitations=leurs,
                acteur=acteur.nom_complet,
                expire_le_jour=dates.jour(jour),
            )
        avis.ecrire(
            "delegation_fin_changee_confirmation",
            espace=acteur,
            de=next(iter(groupes)) if len(groupes) == 1 else acteur,
            acte=f"fin-changee-par:{lot}:{jour}",
            habilitations=[h for leurs in groupes.values() for h in leurs],
            beneficiaires=sorted(espace.nom_complet for espace in groupes),
            expire_le_jour=dates.jour(jour),
        )
