"""What a right is asked about: one service for one personne."""

from dataclasses import dataclass
from typing import Final

from .models import PersonneSirenisee, Service

UTILISER: Final = "services.utiliser"
"""The permission to use a service for a personne."""


@dataclass(frozen=True)
class Dossier:
    """One personne and one service: the object of `compte.has_perm(UTILISER, Dossier(...))`."""

    personne: PersonneSirenisee
    service: Service
