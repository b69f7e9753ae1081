"""Délégations: granted as acteur délégant or acteur, withdrawn with what hangs below or taking it over (R11, CGU §4.f)."""

from collections.abc import Collection
from datetime import date, datetime
from uuid import UUID

from accounts.models import Espace
from accounts.saisies.regles import RegleMetier

from .. import actes
from ..arbre.lots import DroitInsuffisant
from ..arbre.retrait import retirer
from ..droits.roles import RETIRER_DELEGATION, RETIRER_SES_DELEGATIONS, roles_pour
from ..models import Adhesion, Habilitation, Role
from .designations import designer

ROLES_DELEGUES = (Role.ACTEUR_DELEGANT, Role.ACTEUR)


class RoleNonDelegable(RegleMetier):
    code = "role_non_delegable"
    message = "Une délégation donne le rôle d’acteur délégant ou d’acteur."


class PasUneDelegation(RegleMetier):
    code = "pas_une_delegation"
    message = "cette habilitation n’est pas une délégation"


def deleguer(
    *,
    acteur: Espace,
    adhesions: Collection[Adhesion],
    beneficiaire: Espace,
    role: str,
    expire_le: date | None = None,
    dire_aux_administrateurs: bool = True,
    maintenant: datetime | None = None,
) -> list[Habilitation]:
    """Share one's authority on these adhésions: acteur délégant or acteur, until `expire_le` included when given.

    A titulaire or a suppléant gives either role, an acteur délégant gives acteur only (design.md §4).
    Raises: RoleNonDelegable, and as `designations.designer`.
    """
    if role not in ROLES_DELEGUES:
        raise RoleNonDelegable
    return designer(
        acteur=acteur,
        adhesions=adhesions,
        beneficiaire=beneficiaire,
        role=role,
        acte=actes.DELEGATION_ACCORDEE,
        expire_le=expire_le,
        dire_aux_administrateurs=dire_aux_administrateurs,
        maintenant=maintenant,
    )


def retrait_permis(mienne: Habilitation, delegation: Habilitation) -> RegleMetier | None:
    """Return why the holder of `mienne` may not withdraw this délégation, None when he may.

    Titulaire and suppléant withdraw any of the pair, an acteur délégant only what he granted.
    """
    if delegation.role not in ROLES_DELEGUES:
        return PasUneDelegation()
    if mienne.role in roles_pour(RETIRER_DELEGATION):
        return None
    sienne = delegation.accordee_par_id == mienne.pk and mienne.role in roles_pour(RETIRER_SES_DELEGATIONS)
    return None if sienne else DroitInsuffisant()


def retirer_delegation(
    *,
    acteur: Espace,
    delegations: Collection[Habilitation],
    reprendre: bool = False,
    gardees: Collection[Habilitation] = (),
    montrees: Collection[UUID] | None = None,
    maintenant: datetime | None = None,
) -> list[Habilitation]:
    """Withdraw these délégations; what hangs below falls, or is taken over by the actor. Return what ended.

    `gardees` are those that the same review confirms: they do not fall with the others.
    Raises: AucuneLigne, ActeurNonActif, LignesRefusees (DroitInsuffisant, HabilitationTerminee, PasUneDelegation), ApercuChange.
    """
    return retirer(
        acteur=acteur,
        habilitations=delegations,
        permise=retrait_permis,
        acte=actes.DELEGATION_RETIREE,
        reprise=reprendre,
        gardees=gardees,
        montrees=montrees,
        maintenant=maintenant,
    )
