"""What every outbox row knows of its own delivery (design.md §6)."""

from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils import timezone


class EnvoiQuerySet[M: "Envoi"](models.QuerySet[M]):
    def en_attente(self) -> "EnvoiQuerySet[M]":
        """Neither delivered nor set aside."""
        return self.filter(traite_le__isnull=True, ecarte_le__isnull=True)

    def a_prendre(self, maintenant: datetime) -> "EnvoiQuerySet[M]":
        """Rows that a relay may take now: due, and under nobody's lease."""
        return self.filter(
            Q(bail_jusqu_a__isnull=True) | Q(bail_jusqu_a__lt=maintenant),
            traite_le__isnull=True,
            ecarte_le__isnull=True,
            prochain_essai_le__lte=maintenant,
        ).order_by("prochain_essai_le")

    def a_livrer(self) -> "EnvoiQuerySet[M]":
        """The rows with what their delivery reads besides."""
        return self


class Envoi(models.Model):
    """An outbox row: written with the act, taken under a lease, tried again with back-off, set aside in the end."""

    tentatives = models.PositiveSmallIntegerField("tentatives", default=0)
    prochain_essai_le = models.DateTimeField("prochain essai le", default=timezone.now)
    bail_jusqu_a = models.DateTimeField("bail jusqu’à", null=True, blank=True, editable=False)
    traite_le = models.DateTimeField("traité le", null=True, blank=True)
    ecarte_le = models.DateTimeField("mis de côté le", null=True, blank=True)
    derniere_reponse = models.TextField("dernière réponse", blank=True)

    class Meta:
        abstract = True
