"""A batch of letters handed over to the print shop."""

from django.db import models
from django.db.models import Q
from django.utils import timezone


class Remise(models.Model):
    """One batch: its letters are reserved first, its files written, then the letters are marked as handed over.

    One that is not finished is taken up again by the next run, with the same letters (activation/courriers/remise.py).
    """

    reference = models.CharField("référence", max_length=20, unique=True)
    preparee_le = models.DateTimeField("préparée le", default=timezone.now)
    achevee_le = models.DateTimeField("achevée le", null=True, blank=True)

    class Meta:
        verbose_name = "remise de courriers"
        verbose_name_plural = "remises de courriers"
        ordering = ["-preparee_le"]
        constraints = [
            models.UniqueConstraint(
                models.Value(1),
                condition=Q(achevee_le__isnull=True),
                name="remise_une_en_cours",
                violation_error_message="Une remise est déjà en cours.",
            )
        ]

    def __str__(self) -> str:
        return self.reference
