"""Administrateurs suppléants: designated, put en veille, reactivated, removed by the titulaire alone (R10, CGU §4.g)."""

import uuid
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts.models import Espace
from accounts.saisies.regles import RegleMetier
from accounts.traces.actes import Acte
from accounts.traces.journal import consigner

from .. import actes
from ..arbre import avis
from ..arbre.cascade import ce_qui_tombe, dessous, relire, verrouiller_adhesions
from ..arbre.confirmations import DelaiPasse, suspendue_trop_longtemps
from ..arbre.lots import AucuneLigne, DroitInsuffisant, LigneRefusee, LignesRefusees, siennes, verrouiller_acteur
from ..arbre.montrees import exiger_montrees
from ..arbre.retrait import HabilitationTerminee, retirer
from ..droits.roles import GERER_SUPPLEANTS, roles_pour
from ..models import Adhesion, Habilitation, Role
from .designations import designer


class PasUnSuppleant(RegleMetier):
    code = "pas_un_suppleant"
    message = "cette habilitation n’est pas celle d’un administrateur suppléant"


class DejaEnVeille(RegleMetier):
    code = "deja_en_veille"
    message = "cet administrateur suppléant est déjà en veille"


class PasEnVeille(RegleMetier):
    code = "pas_en_veille"
    message = "cet administrateur suppléant n’est pas en veille"


def designer_suppleant(
    *,
    acteur: Espace,
    adhesions: Collection[Adhesion],
    beneficiaire: Espace,
    dire_aux_administrateurs: bool = True,
    maintenant: datetime | None = None,
) -> list[Habilitation]:
    """Give `beneficiaire` the titulaire's rights on these adhésions, except that of designating (CGU §3.4.a, §4.g).

    Raises: as `designations.designer`; DroitInsuffisant on each line whose titulaire the actor is not.
    """
    return designer(
        acteur=acteur,
        adhesions=adhesions,
        beneficiaire=beneficiaire,
        role=Role.SUPPLEANT,
        acte=actes.SUPPLEANCE_DESIGNEE,
        dire_aux_administrateurs=dire_aux_administrateurs,
        maintenant=maintenant,
    )


def _examiner(acteur: Espace, suppleances: Sequence[Habilitation], etat: str, maintenant: datetime) -> None:
    """Check that the actor is titulaire of each line, and that each is a live suppléance in this state."""
    miennes = siennes(acteur, {s.adhesion_id for s in suppleances}, jour=timezone.localdate(maintenant))
    refusees = []
    for suppleance in suppleances:
        mienne = miennes.get(suppleance.adhesion_id)
        if mienne is None or mienne.role not in roles_pour(GERER_SUPPLEANTS):
            regle: RegleMetier = DroitInsuffisant()
        elif not suppleance.est_vivante:
            regle = HabilitationTerminee()
        elif suppleance.role != Role.SUPPLEANT and not (
            etat == Habilitation.Etat.EN_VEILLE and en_veille_par_lui(suppleance)
        ):
            regle = PasUnSuppleant()
        elif suppleance.etat != etat:
            regle = DejaEnVeille() if etat == Habilitation.Etat.ACTIVE else PasEnVeille()
        elif suspendue_trop_longtemps(suppleance, maintenant):
            regle = DelaiPasse()
        else:
            continue
        refusees.append(LigneRefusee(suppleance.personne, suppleance.service, regle))
    if refusees:
        raise LignesRefusees(refusees)


def en_veille_par_lui(habilitation: Habilitation) -> bool:
    """Whether the titulaire suspended it, and no substitution nor closure: he gives it back when he likes."""
    return habilitation.veille_motif == Habilitation.MotifVeille.TITULAIRE


def ce_qui_serait_suspendu(*suppleances: Habilitation) -> list[Habilitation]:
    """Return what these suppléants granted and that gives a right today: what `avec_dessous` would suspend."""
    return [h for h in ce_qui_tombe(*suppleances) if h.etat == Habilitation.Etat.ACTIVE]


def ce_qui_serait_rendu(*suppleances: Habilitation) -> list[Habilitation]:
    """Return what was suspended together with these suppléants, and comes back with them."""
    return _suspendues_ensemble(suppleances, ce_qui_tombe(*suppleances))


def _suspendues_ensemble(suppleances: Collection[Habilitation], tenues: Collection[Habilitation]) -> list[Habilitation]:
    """Return those of `tenues` that the act which suspended these suppléances suspended on the same adhésion."""
    instants = {(s.adhesion_id, s.veille_depuis) for s in suppleances if en_veille_par_lui(s)}
    return [h for h in tenues if en_veille_par_lui(h) and (h.adhesion_id, h.veille_depuis) in instants]


def _verrouiller(
    acteur: Espace, suppleances: Collection[Habilitation], depuis: str, maintenant: datetime
) -> tuple[Espace, list[Habilitation], list[Habilitation]]:
    """Lock the actor, these suppléances and what hangs under them, check that each may be changed, return all three."""
    if not suppleances:
        raise AucuneLigne
    acteur = verrouiller_acteur(acteur)
    verrouiller_adhesions(suppleance.adhesion_id for suppleance in suppleances)
    cles = {suppleance.pk for suppleance in suppleances}
    fraiches = relire(cles)
    _examiner(acteur, fraiches, depuis, maintenant)
    return acteur, fraiches, relire(dessous(cles))


def _changer(
    acteur: Espace,
    habilitations: Collection[Habilitation],
    *,
    changer: Callable[[Habilitation], None],
    acte: Acte,
    acte_dessous: Acte,
    genre: str,
    genre_dessous: str,
    **contexte: Any,
) -> list[Habilitation]:
    """Change the state of these locked habilitations, journal each, mail both sides; return them."""
    for habilitation in habilitations:
        changer(habilitation)
        habilitation.save(update_fields=["etat", "veille_motif", "veille_depuis"])
        consigner(
            acte if habilitation.role == Role.SUPPLEANT else acte_dessous,
            auteur=acteur,
            espace=habilitation.espace,
            siren=habilitation.personne.siren,
            service=habilitation.service.code,
        )
    suppleances = [h for h in habilitations if h.role == Role.SUPPLEANT]
    delegations = [h for h in habilitations if h.role != Role.SUPPLEANT]
    _prevenir(acteur, suppleances, genre, **contexte)
    _prevenir(acteur, delegations, genre_dessous)
    return list(habilitations)


def _prevenir(acteur: Espace, habilitations: Collection[Habilitation], genre: str, **contexte: Any) -> None:
    lot = uuid.uuid4()
    for espace, leurs in avis.par_espace(habilitations).items():
        avis.ecrire(
            genre,
            espace=espace,
            de=acteur,
            acte=f"{genre}:{lot}",
            habilitations=leurs,
            acteur=acteur.nom_complet,
            **contexte,
        )
        avis.ecrire(
            f"{genre}_confirmation",
            espace=acteur,
            de=espace,
            acte=f"{genre}:{lot}:{espace.pk}",
            habilitations=leurs,
            beneficiaire=espace.nom_complet,
            **contexte,
        )


@transaction.atomic
def mettre_en_veille(
    *,
    acteur: Espace,
    suppleances: Collection[Habilitation],
    avec_dessous: bool = False,
    montrees: Collection[UUID] | None = None,
    maintenant: datetime | None = None,
) -> list[Habilitation]:
    """Suspend these suppléants; return what was suspended.

    They lose the use of the services; what they granted goes on (design.md §8), or is suspended too (`avec_dessous`)
    until they are back. Raises: AucuneLigne, ActeurNonActif, LignesRefusees (DroitInsuffisant, HabilitationTerminee, PasUnSuppleant,
    DejaEnVeille), ApercuChange.
    """
    maintenant = maintenant or timezone.now()
    acteur, fraiches, tenues = _verrouiller(acteur, suppleances, Habilitation.Etat.ACTIVE, maintenant)
    actives = [h for h in tenues if h.etat == Habilitation.Etat.ACTIVE]
    exiger_montrees(montrees, [h.pk for h in actives])
    suivantes = actives if avec_dessous else []

    def suspendre(suppleance: Habilitation) -> None:
        suppleance.etat = Habilitation.Etat.EN_VEILLE
        suppleance.veille_motif = Habilitation.MotifVeille.TITULAIRE
        suppleance.veille_depuis = maintenant

    return _changer(
        acteur,
        [*fraiches, *suivantes],
        changer=suspendre,
        acte=actes.SUPPLEANCE_MISE_EN_VEILLE,
        acte_dessous=actes.DELEGATION_MISE_EN_VEILLE,
        genre="suppleance_en_veille",
        genre_dessous="delegation_en_veille",
        avec_dessous=avec_dessous,
    )


@transaction.atomic
def reactiver(
    *,
    acteur: Espace,
    suppleances: Collection[Habilitation],
    montrees: Collection[UUID] | None = None,
    maintenant: datetime | None = None,
) -> list[Habilitation]:
    """Give these suppléants their rights back, with what was suspended together with them; return what was.

    They were counted in the perimeter all along (design.md §8). A délégation that was suspended so is given back alone
    as well.
    One that a substitution suspended is kept by it, within the thirty days of `confirmations.decider` (R12).
    Raises: AucuneLigne, ActeurNonActif, LignesRefusees (DroitInsuffisant, HabilitationTerminee, PasUnSuppleant,
    PasEnVeille, DelaiPasse), ApercuChange.
    """

    maintenant = maintenant or timezone.now()
    acteur, fraiches, tenues = _verrouiller(acteur, suppleances, Habilitation.Etat.EN_VEILLE, maintenant)
    suivantes = _suspendues_ensemble(fraiches, tenues)
    exiger_montrees(montrees, [h.pk for h in suivantes])

    def reveiller(suppleance: Habilitation) -> None:
        suppleance.etat = Habilitation.Etat.ACTIVE
        suppleance.veille_motif = ""
        suppleance.veille_depuis = None

    return _changer(
        acteur,
        [*fraiches, *suivantes],
        changer=reveiller,
        acte=actes.SUPPLEANCE_REACTIVEE,
        acte_dessous=actes.DELEGATION_REACTIVEE,
        genre="suppleance_reactivee",
        genre_dessous="delegation_reactivee",
    )


def retirer_suppleant(
    *,
    acteur: Espace,
    suppleances: Collection[Habilitation],
    reprendre: bool = False,
    montrees: Collection[UUID] | None = None,
    maintenant: datetime | None = None,
) -> list[Habilitation]:
    """Remove these suppléants; what they granted falls, or is taken over by the titulaire. Return what ended.

    Raises: AucuneLigne, ActeurNonActif, LignesRefusees (DroitInsuffisant, HabilitationTerminee, PasUnSuppleant), ApercuChange.
    """

    def permise(mienne: Habilitation, suppleance: Habilitation) -> RegleMetier | None:
        if mienne.role not in roles_pour(GERER_SUPPLEANTS):
            return DroitInsuffisant()
        return None if suppleance.role == Role.SUPPLEANT else PasUnSuppleant()

    return retirer(
        acteur=acteur,
        habilitations=suppleances,
        permise=permise,
        acte=actes.SUPPLEANCE_RETIREE,
        reprise=reprendre,
        montrees=montrees,
        maintenant=maintenant,
    )
