"""A request to leave a service, or to have an adhésion removed so that an espace can be deleted (R19, R22)."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import Espace, ServiceGestionnaire
from accounts.saisies.dates import jour

from .habilitation import Habilitation


class DemandeRetrait(models.Model):
    """Asked by the holder of a habilitation; answered by its titulaire, or by the service gestionnaire."""

    class Etat(models.TextChoices):
        DEPOSEE = "DEPOSEE", "déposée"
        ACCEPTEE = "ACCEPTEE", "acceptée"
        REFUSEE = "REFUSEE", "refusée"
        ANNULEE = "ANNULEE", "annulée"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    habilitation = models.ForeignKey(Habilitation, models.PROTECT, related_name="demandes_retrait")
    demandeur = models.ForeignKey(Espace, models.PROTECT, related_name="demandes_retrait")
    service_gestionnaire = models.ForeignKey(
        ServiceGestionnaire, models.PROTECT, null=True, blank=True, related_name="demandes_retrait"
    )
    motif = models.CharField("motif", max_length=500, blank=True)
    pour_suppression = models.BooleanField("pour supprimer l’espace", default=False)
    etat = models.CharField("état", max_length=8, choices=Etat, default=Etat.DEPOSEE)
    deposee_le = models.DateTimeField("déposée le", default=timezone.now)
    traitee_le = models.DateTimeField("traitée le", null=True, blank=True)
    reponse = models.CharField("réponse", max_length=500, blank=True)

    class Meta:
        verbose_name = "demande de retrait"
        verbose_name_plural = "demandes de retrait"
        ordering = ["-deposee_le"]
        indexes = [
            models.Index(
                fields=["-traitee_le", "deposee_le", "id"],
                condition=Q(service_gestionnaire__isnull=False),
                name="retrait_liste",
            ),
            models.Index(fields=["traitee_le"], condition=~Q(motif="", reponse=""), name="retrait_a_vider"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["habilitation"],
                condition=Q(etat="DEPOSEE"),
                name="retrait_une_en_cours",
                violation_error_message="Une demande de retrait est déjà en cours pour ce service.",
            )
        ]

    def __str__(self) -> str:
        return f"retrait demandé le {jour(self.deposee_le)}"
