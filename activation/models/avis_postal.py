"""A letter without a code to the holder of an espace, which leaves with the batches of the print shop."""

import uuid

from django.db import models
from django.utils import timezone

from accounts.models import Espace

from .remise import Remise


class AvisPostal(models.Model):
    """What it says is frozen when it is written: its PDF is a pure function of `contenu` (activation/courriers/avis_postaux.py)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    espace = models.ForeignKey(Espace, models.PROTECT, related_name="avis_postaux")
    reference = models.CharField("référence", max_length=15)
    contenu = models.JSONField("contenu", default=dict, editable=False)
    cree_le = models.DateTimeField("créé le", default=timezone.now)
    remise = models.ForeignKey(
        Remise, models.PROTECT, null=True, blank=True, related_name="avis_postaux", db_index=False
    )
    rang = models.PositiveIntegerField("rang dans la remise", null=True, blank=True)
    remis_le = models.DateTimeField("remis le", null=True, blank=True)

    class Meta:
        verbose_name = "avis postal"
        verbose_name_plural = "avis postaux"
        ordering = ["-cree_le"]
        constraints = [
            models.UniqueConstraint(
                fields=["reference"],
                name="avis_postal_reference_unique",
                violation_error_message="Cette référence est déjà donnée.",
            ),
            models.UniqueConstraint(
                fields=["remise", "rang"],
                name="avis_postal_rang_unique",
                violation_error_message="Ce rang est déjà pris dans la remise.",
            ),
            models.CheckConstraint(
                condition=models.Q(remis_le__isnull=True) | models.Q(remise__isnull=False),
                name="avis_postal_remis_dans_un_lot",
                violation_error_message="Un avis remis l’est dans un lot.",
            ),
        ]
        indexes = [
            models.Index(fields=["cree_le"], condition=models.Q(remise__isnull=True), name="avis_postal_a_remettre")
        ]

    def __str__(self) -> str:
        return self.reference
