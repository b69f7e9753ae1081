"""A closure that the register says, and what the service gestionnaire makes of it (design.md §8)."""

from datetime import timedelta
from typing import Final

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import Agent
from accounts.saisies.dates import jour
from accounts.saisies.elisions import de
from services.models import PersonneSirenisee

DELAI_DE_CESSATION: Final = timedelta(days=365)  # twelve months, then what nobody decided is reduced to consultation


class Cessation(models.Model):
    """A request in the office's queue: the register closes nothing by itself, since the last declarations are still due."""

    class Etat(models.TextChoices):
        A_DECIDER = "A_DECIDER", "à décider"
        MAINTENUE = "MAINTENUE", "services maintenus jusqu’à une date"
        FERMEE = "FERMEE", "services fermés"
        CONTESTEE = "CONTESTEE", "le registre est inexact"
        ROUVERTE = "ROUVERTE", "rouverte par le registre"
        PRESCRITE = "PRESCRITE", "services fermés à la prescription"

    EN_COURS = (Etat.A_DECIDER, Etat.MAINTENUE)

    personne = models.ForeignKey(PersonneSirenisee, models.PROTECT, related_name="cessations")
    constatee_le = models.DateTimeField("constatée le", default=timezone.now)
    etat = models.CharField("état", max_length=9, choices=Etat, default=Etat.A_DECIDER)
    maintenue_jusqu_au = models.DateField("maintenue jusqu’au", null=True, blank=True)
    restreinte_le = models.DateTimeField("droits réduits à la consultation le", null=True, blank=True)
    decidee_le = models.DateTimeField("décidée le", null=True, blank=True)
    agent = models.ForeignKey(Agent, models.PROTECT, null=True, blank=True, related_name="cessations_decidees")
    motif = models.CharField("motif", max_length=300, blank=True)
    terminee_le = models.DateTimeField("terminée le", null=True, blank=True)

    class Meta:
        verbose_name = "cessation"
        ordering = ["constatee_le", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["personne"],
                condition=Q(terminee_le__isnull=True),
                name="cessation_une_en_cours",
                violation_error_message="La cessation de cette personne est déjà à traiter.",
            ),
            models.CheckConstraint(
                condition=Q(etat__in=["A_DECIDER", "MAINTENUE"], terminee_le__isnull=True)
                | (~Q(etat__in=["A_DECIDER", "MAINTENUE"]) & Q(terminee_le__isnull=False)),
                name="cessation_terminee",
                violation_error_message="Une cessation traitée porte sa date, une autre n’en porte pas.",
            ),
            models.CheckConstraint(
                condition=~Q(etat="MAINTENUE") | Q(maintenue_jusqu_au__isnull=False),
                name="cessation_maintenue_jusqu_au",
                violation_error_message="Des services maintenus le sont jusqu’à une date.",
            ),
        ]
        indexes = [
            models.Index(fields=["-terminee_le", "constatee_le", "id"], name="cessation_liste"),
            models.Index(fields=["constatee_le"], condition=Q(terminee_le__isnull=True), name="cessation_a_suivre"),
        ]

    def __str__(self) -> str:
        return f"cessation {de(self.personne)}"

    @property
    def est_en_cours(self) -> bool:
        return self.terminee_le is None

    @property
    def echeance(self) -> str:
        """The day from which the rights are reduced to consultation, as an agent and a holder read it."""
        if self.maintenue_jusqu_au is not None:
            return jour(self.maintenue_jusqu_au)
        return jour(self.constatee_le + DELAI_DE_CESSATION)
