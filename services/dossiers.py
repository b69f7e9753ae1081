"""What a right is asked about: one service for one personne."""

from dataclasses import dataclass

from .models import PersonneSirenisee, Service


@dataclass(frozen=True)
class Dossier:
    """One personne and one service: the object of `compte.has_perm("services.utiliser", Dossier(...))`."""

    personne: PersonneSirenisee
    service: Service
