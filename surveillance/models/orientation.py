"""To which office the cell has directed an espace that none follows (R16; CGU §3.6.b)."""

from django.db import models
from django.utils import timezone

from accounts.models import Agent, Espace, ServiceGestionnaire


class Orientation(models.Model):
    """The counter of an espace that is of no organisation that we know, and holds nothing; the journal keeps the earlier ones."""

    espace = models.OneToOneField(Espace, models.PROTECT, related_name="orientation")
    service_gestionnaire = models.ForeignKey(
        ServiceGestionnaire, models.PROTECT, related_name="+", verbose_name="service gestionnaire"
    )
    agent = models.ForeignKey(Agent, models.PROTECT, related_name="+", verbose_name="dirigé par", db_index=False)
    motif = models.CharField("motif", max_length=500, blank=True)
    orientee_le = models.DateTimeField("dirigé le", default=timezone.now)

    class Meta:
        verbose_name = "orientation vers un guichet"
        verbose_name_plural = "orientations vers un guichet"
        ordering = ["-orientee_le"]

    def __str__(self) -> str:
        return f"orientation vers {self.service_gestionnaire}"
