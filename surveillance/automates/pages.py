"""Lifting a blocking, at /gestion/."""

from typing import Any

from django.db.models import Model
from django.utils import timezone

from accounts.gestion.fonctions import SURVEILLANCE
from accounts.gestion.page_acte import PageActe
from accounts.saisies.dates import jour_heure

from ..models import BlocageIP
from .blocages import debloquer_ip


class LeverBlocage(PageActe):
    """Let a network in again."""

    nom = "lever"
    titre = "Lever le blocage"
    bouton = "Lever le blocage"
    succes = "Le blocage est levé, partout en 5 secondes."
    fonctions = SURVEILLANCE
    revenir = "Revenir au blocage"
    objet: BlocageIP

    @staticmethod
    def possible(objet: BlocageIP) -> bool:
        return objet.est_en_vigueur(timezone.now())

    def faits(self) -> list[tuple[str, str | Model]]:
        return [
            ("Réseau", self.objet.reseau_lisible),
            ("Motif", self.objet.motif),
            ("Bloqué le", jour_heure(self.objet.bloque_le)),
            ("Jusqu’au", jour_heure(self.objet.jusqu_a) if self.objet.jusqu_a else "décision d’un agent"),
        ]

    def agir(self, form: Any) -> None:
        debloquer_ip(acteur=self.agent, blocage=self.objet)
