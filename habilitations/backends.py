"""Answers `compte.has_perm(permission, objet)` from the habilitations (design.md §2). Fails closed."""

from typing import Any

from django.contrib.auth.backends import BaseBackend

from accounts.models import Compte, Espace
from services.dossiers import Dossier
from services.models import PersonneSirenisee, Service

from .models import Habilitation
from .roles import GERER_BANQUE, GERER_COURRIEL, roles_pour


class HabilitationBackend(BaseBackend):
    """One indexed query for one question.

    The object is a `Dossier` (one service of one personne). The two permissions that a personne gives as a whole are
    asked on the PersonneSirenisee: bank references (any paying service of it) and its e-mail (its Messagerie).
    """

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        """Whether this account may; False for anything unknown, missing, inactive, en veille, expired or ended."""
        roles = roles_pour(perm)
        if not roles or obj is None or not isinstance(user_obj, Compte) or not user_obj.is_active:
            return False
        espace = getattr(user_obj, "espace", None)
        if espace is None or espace.etat != Espace.Etat.ACTIF:
            return False
        habilitations = Habilitation.objects.actives().filter(espace=espace, role__in=roles)
        if isinstance(obj, Dossier):
            return habilitations.filter(personne=obj.personne, service=obj.service).exists()
        if isinstance(obj, PersonneSirenisee):
            if perm == GERER_BANQUE:
                return habilitations.filter(personne=obj, service__paiement=True).exists()
            if perm == GERER_COURRIEL:
                return habilitations.filter(personne=obj, service__famille=Service.Famille.MESSAGERIE).exists()
        return False
