"""Reads of the surveillance floor that pages below ask for."""

from datetime import datetime

from django.db.models import QuerySet

from accounts.models import Compte

from .models import Connexion


def connexions_du_compte(compte: Compte, depuis: datetime) -> QuerySet[Connexion]:
    """Return the sign-ins of this account since `depuis`, tried or made, the newest first (for « Sécurité »)."""
    return Connexion.objects.filter(compte=compte, quand__gte=depuis).order_by("-quand")
