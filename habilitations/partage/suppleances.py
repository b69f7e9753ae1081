"""Administrateurs suppléants: designated, put en veille, reactivated, removed by the titulaire alone (R10, CGU §4.g)."""

import uuid
from collections.abc import Callable, Collection, Sequence
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from accounts.models import Espace
from accounts.saisies.regles import RegleMetier
from accounts.traces.actes import Acte
from accounts.traces.journal import consigner

from .. import actes
from ..arbre import avis
from ..arbre.cascade import relire, verrouiller_adhesions
from ..arbre.confirmations import DelaiPasse, suspendue_trop_longtemps
from ..arbre.lots import AucuneLigne, DroitInsuffisant, LigneRefusee, LignesRefusees, siennes, verrouiller_acteur
from ..arbre.retrait import HabilitationTerminee, retirer
from ..droits.roles import GERER_SUPPLEANTS, roles_pour
from ..models import Adhesion, Habilitation, Role
from .designations import designer


class PasUnSuppleant(RegleMetier):
    code = "pas_un_suppleant"
    message = "cette habilitation n'est pas celle d'un administrateur suppléant"


class DejaEnVeille(RegleMetier):
    code = "deja_en_veille"
    message = "cet administrateur suppléant est déjà en veille"


class PasEnVeille(RegleMetier):
    code = "pas_en_veille"
    message = "cet administrateur suppléant n'est pas en veille"


def designer_suppleant(
    *, acteur: Espace, adhesions: Collection[Adhesion], beneficiaire: Espace, maintenant: datetime | None = None
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
        elif suppleance.role != Role.SUPPLEANT:
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


def _changer(
    acteur: Espace,
    suppleances: Collection[Habilitation],
    *,
    depuis: str,
    changer: Callable[[Habilitation], None],
    acte: Acte,
    genre: str,
    maintenant: datetime,
) -> list[Habilitation]:
    """Change the state of these suppléances under the locks, journal each, mail both sides."""
    if not suppleances:
        raise AucuneLigne
    acteur = verrouiller_acteur(acteur)
    verrouiller_adhesions(suppleance.adhesion_id for suppleance in suppleances)
    fraiches = relire(suppleance.pk for suppleance in suppleances)
    _examiner(acteur, fraiches, depuis, maintenant)
    for suppleance in fraiches:
        changer(suppleance)
        suppleance.save(update_fields=["etat", "veille_motif", "veille_depuis"])
        consigner(
            acte,
            auteur=acteur,
            espace=suppleance.espace,
            siren=suppleance.personne.siren,
            service=suppleance.service.code,
        )
    lot = uuid.uuid4()
    for espace, leurs in avis.par_espace(fraiches).items():
        avis.ecrire(
            genre, espace=espace, de=acteur, acte=f"{genre}:{lot}", habilitations=leurs, acteur=acteur.nom_complet
        )
        avis.ecrire(
            f"{genre}_confirmation",
            espace=acteur,
            de=espace,
            acte=f"{genre}:{lot}:{espace.pk}",
            habilitations=leurs,
            beneficiaire=espace.nom_complet,
        )
    return fraiches


@transaction.atomic
def mettre_en_veille(
    *, acteur: Espace, suppleances: Collection[Habilitation], maintenant: datetime | None = None
) -> list[Habilitation]:
    """Suspend these suppléants: they lose the use of the services, what they granted goes on (design.md §8).

    Raises: AucuneLigne, ActeurNonActif, LignesRefusees (DroitInsuffisant, HabilitationTerminee, PasUnSuppleant,
    DejaEnVeille).
    """
    maintenant = maintenant or timezone.now()

    def suspendre(suppleance: Habilitation) -> None:
        suppleance.etat = Habilitation.Etat.EN_VEILLE
        suppleance.veille_motif = Habilitation.MotifVeille.TITULAIRE
        suppleance.veille_depuis = maintenant

    return _changer(
        acteur,
        suppleances,
        depuis=Habilitation.Etat.ACTIVE,
        changer=suspendre,
        acte=actes.SUPPLEANCE_MISE_EN_VEILLE,
        genre="suppleance_en_veille",
        maintenant=maintenant,
    )


@transaction.atomic
def reactiver(
    *, acteur: Espace, suppleances: Collection[Habilitation], maintenant: datetime | None = None
) -> list[Habilitation]:
    """Give these suppléants their rights back. They were counted in the perimeter all along (design.md §8).

    One that a substitution suspended is kept by it, within the thirty days of `confirmations.decider` (R12).
    Raises: AucuneLigne, ActeurNonActif, LignesRefusees (DroitInsuffisant, HabilitationTerminee, PasUnSuppleant,
    PasEnVeille, DelaiPasse).
    """

    def reveiller(suppleance: Habilitation) -> None:
        suppleance.etat = Habilitation.Etat.ACTIVE
        suppleance.veille_motif = ""
        suppleance.veille_depuis = None

    return _changer(
        acteur,
        suppleances,
        depuis=Habilitation.Etat.EN_VEILLE,
        changer=reveiller,
        acte=actes.SUPPLEANCE_REACTIVEE,
        genre="suppleance_reactivee",
        maintenant=maintenant or timezone.now(),
    )


def retirer_suppleant(
    *,
    acteur: Espace,
    suppleances: Collection[Habilitation],
    reprendre: bool = False,
    maintenant: datetime | None = None,
) -> list[Habilitation]:
    """Remove these suppléants; what they granted falls, or is taken over by the titulaire. Return what ended.

    Raises: AucuneLigne, ActeurNonActif, LignesRefusees (DroitInsuffisant, HabilitationTerminee, PasUnSuppleant).
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
        maintenant=maintenant,
    )
