"""What the surveillance cell reviews."""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone

from accounts.models import Agent
from accounts.saisies.dates import jour


class Alerte(models.Model):
    """A suspicious use of an account, for an agent to judge (CGU §3.6.a). The sign-in it comes from is named by id."""

    class Etat(models.TextChoices):
        OUVERTE = "OUVERTE", "à examiner"
        CONFIRMEE = "CONFIRMEE", "compromission confirmée"
        ECARTEE = "ECARTEE", "sans suite"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    compte = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="alertes")
    connexion = models.UUIDField("connexion", null=True, blank=True)
    motif = models.CharField("motif", max_length=60)
    details = models.JSONField("détails", default=dict)
    score = models.FloatField("score", null=True, blank=True)
    etat = models.CharField("état", max_length=9, choices=Etat, default=Etat.OUVERTE)
    levee_le = models.DateTimeField("levée le", default=timezone.now)
    examinee_le = models.DateTimeField("examinée le", null=True, blank=True)
    examinee_par = models.ForeignKey(Agent, models.PROTECT, null=True, blank=True, related_name="alertes_examinees")

    class Meta:
        verbose_name = "alerte"
        ordering = ["-levee_le"]
        indexes = [models.Index(fields=["etat", "-levee_le"])]

    def __str__(self) -> str:
        return f"{self.motif} le {jour(self.levee_le)}"
