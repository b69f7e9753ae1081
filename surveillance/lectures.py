"""Reads of the surveillance floor that pages below ask for."""

from datetime import datetime

from django.db.models import QuerySet

from accounts.models import Compte, Espace

from .models import Alerte, Connexion


def connexions_du_compte(compte: Compte, depuis: datetime) -> QuerySet[Connexion]:
    """Return the sign-ins of this account since `depuis`, tried or made, the newest first (for « Sécurité »)."""
    return Connexion.objects.filter(compte=compte, quand__gte=depuis).order_by("-quand")


def a_ete_signale(espace: Espace, depuis: datetime) -> bool:
    """Whether an unusual use of this espace was seen since then, and no agent has set it aside."""
    return Alerte.objects.filter(compte=espace.compte, levee_le__gt=depuis).exclude(etat=Alerte.Etat.ECARTEE).exists()
