"""Answers `compte.has_perm(permission, objet)` from the habilitations (design.md §2). Fails closed."""

from collections.abc import Collection
from typing import Any

from django.contrib.auth.backends import BaseBackend
from django.utils import timezone

from accounts.models import Compte, Espace
from services.dossiers import Dossier
from services.models import ChangementBancaire, PersonneSirenisee, Service

from ..models import Habilitation
from ..models.habilitation import HabilitationQuerySet
from .administrateurs import administre_ou_fut_prevenu
from .question import role_tenu, roles_tenus
from .roles import (
    ECRIRE,
    GERER_BANQUE,
    GERER_COURRIEL,
    LIRE_MESSAGERIE,
    MATRICE,
    SIGNALER_BANQUE,
    VOIR_BANQUE,
    permissions_de,
    roles_pour,
)


def donnant(permission: str, espace: Espace | None) -> HabilitationQuerySet:
    """Return the habilitations that give this permission to this espace today.

    None at all for an unknown permission, for no espace, for one that is not active. What is en veille, expired or
    ended gives nothing; what is under a closed adhésion has ended (trigger of habilitations/0002).
    """
    roles = roles_pour(permission)
    if not roles or espace is None or not espace.est_actif:
        return Habilitation.objects.none()
    return Habilitation.objects.actives().filter(espace=espace, role__in=roles)


def permissions_de_la_page(espace: Espace, dossiers: Collection[Dossier]) -> dict[Dossier, frozenset[str]]:
    """Return what this espace may do on each of these dossiers: one query for the whole page, and none when empty."""
    roles: dict[tuple[int, int], str] = {}
    if dossiers and espace.est_actif:
        personnes = {dossier.personne.pk for dossier in dossiers}
        for personne, service, role in roles_tenus(espace.pk, personnes, jour=timezone.localdate()):
            roles[personne, service] = role
    return {
        dossier: frozenset(
            permission
            for permission in permissions_de(roles.get((dossier.personne.pk, dossier.service.pk)))
            if _a_un_objet(permission, dossier)
        )
        for dossier in dossiers
    }


def _a_un_objet(permission: str, dossier: Dossier) -> bool:
    """Whether this service has what the permission is about: bank references to pay with, a Messagerie to write to.

    Nobody writes any longer for a personne whose rights are reduced to consultation (habilitations/registre).
    """
    if permission in {GERER_BANQUE, VOIR_BANQUE}:
        return dossier.service.paiement
    if permission in {GERER_COURRIEL, LIRE_MESSAGERIE}:
        return dossier.service.famille == Service.Famille.MESSAGERIE
    if permission == ECRIRE:
        return dossier.service.famille == Service.Famille.MESSAGERIE and dossier.personne.restreinte_le is None
    return True


class HabilitationBackend(BaseBackend):
    """One indexed read for one question (question.py), answered by the matrix.

    The object is a `Dossier` (one service of one personne). Those that a personne gives as a whole are asked on
    the PersonneSirenisee: seeing and managing its bank references (any paying service of it), saying that a change of
    them is not its own (any service), its e-mail and its mailbox (its Messagerie). One change of them is reported by who was
    told of it, or administers a paying service: asked on the `ChangementBancaire`.
    """

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        """Whether this account may; False for anything unknown, missing, inactive, en veille, expired or ended."""
        if not isinstance(user_obj, Compte) or not user_obj.is_active or obj is None:
            return False
        espace = getattr(user_obj, "espace", None)
        if espace is None or not espace.est_actif or perm not in MATRICE:
            return False
        if isinstance(obj, Dossier):
            if not _a_un_objet(perm, obj):
                return False
            role = role_tenu(espace.pk, obj.personne.pk, obj.service.pk, jour=timezone.localdate())
            return role in roles_pour(perm)
        if isinstance(obj, ChangementBancaire):
            return perm == SIGNALER_BANQUE and administre_ou_fut_prevenu(donnant(perm, espace), obj)
        return isinstance(obj, PersonneSirenisee) and _peut_pour_la_personne(espace, perm, obj)


def _peut_pour_la_personne(espace: Espace, permission: str, personne: PersonneSirenisee) -> bool:
    """Whether this espace has a permission that this personne gives as a whole."""
    if permission in {GERER_BANQUE, ECRIRE} and personne.restreinte_le is not None:
        return False  # rights reduced to consultation, after a cessation
    habilitations = donnant(permission, espace).filter(personne=personne)
    if permission in {GERER_BANQUE, VOIR_BANQUE}:
        return habilitations.filter(service__paiement=True).exists()
    if permission == SIGNALER_BANQUE:  # whoever is told of a change, of whatever service
        return habilitations.exists()
    if permission in {GERER_COURRIEL, LIRE_MESSAGERIE, ECRIRE}:
        return habilitations.filter(service__famille=Service.Famille.MESSAGERIE).exists()
    return False
