"""That somebody waits for the address of a company, so that a letter can leave for it."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import Agent, Espace
from accounts.saisies.elisions import de

from .personne import PersonneSirenisee


class AdresseAttendue(models.Model):
    """One espace that asked for the address of one company to be recorded; its office has one affaire for all of them.

    The triggers of services/0019 put the company in the queue « ADRESSE » while one waits, whoever asked.
    """

    class Issue(models.TextChoices):
        EN_ATTENTE = "EN_ATTENTE", "en attente"
        CONNUE = "CONNUE", "adresse enregistrée"
        SANS_SUITE = "SANS_SUITE", "sans suite"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    espace = models.ForeignKey(Espace, models.PROTECT, related_name="adresses_attendues", db_index=False)
    personne = models.ForeignKey(PersonneSirenisee, models.PROTECT, related_name="adresses_attendues")
    demandee_le = models.DateTimeField("demandée le", default=timezone.now)
    # `PersonneSirenisee.modifiee_le` when it was last found without address: only what changed since is read again.
    registre_le = models.DateTimeField(editable=False)
    issue = models.CharField("issue", max_length=10, choices=Issue, default=Issue.EN_ATTENTE)
    motif = models.CharField("réponse du service gestionnaire", max_length=300, blank=True)
    agent = models.ForeignKey(Agent, models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    finie_le = models.DateTimeField("finie le", null=True, blank=True)

    class Meta:
        verbose_name = "adresse attendue"
        verbose_name_plural = "adresses attendues"
        ordering = ["-demandee_le", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["espace", "personne"],
                condition=Q(issue="EN_ATTENTE"),
                name="adresse_attendue_une_fois",
                violation_error_message="Cette adresse est déjà attendue.",
            ),
            models.CheckConstraint(
                condition=Q(issue="EN_ATTENTE", finie_le__isnull=True)
                | (~Q(issue="EN_ATTENTE") & Q(finie_le__isnull=False)),
                name="adresse_attendue_finie",
                violation_error_message="Une attente finie porte sa date.",
            ),
        ]
        indexes = [
            models.Index(fields=["espace", "-demandee_le"], name="adresse_attendue_par"),
            models.Index(fields=["finie_le"], condition=Q(finie_le__isnull=False), name="adresse_attendue_a_effacer"),
            models.Index(fields=["id"], condition=Q(issue="EN_ATTENTE"), name="adresse_attendue_a_relire"),
        ]

    def __str__(self) -> str:
        return f"adresse {de(self.personne)}"
