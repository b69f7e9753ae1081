"""The mail outbox."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone

from .envoi import Envoi, EnvoiQuerySet
from .espace import Espace, Lien


class Courriel(Envoi):
    """A mail to send: what it is about and to whom. Its text is made when it leaves, so no secret rests here."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    genre = models.CharField("genre", max_length=60)
    destinataire = models.EmailField("destinataire", max_length=254)
    acte = models.CharField("acte", max_length=120, help_text="Ce dont parle le courriel : un seul par destinataire.")
    espace = models.ForeignKey(Espace, models.SET_NULL, null=True, blank=True, related_name="courriels")
    lien = models.ForeignKey(Lien, models.CASCADE, null=True, blank=True, related_name="courriels")
    contexte = models.JSONField("contexte", default=dict, blank=True)
    cree_le = models.DateTimeField("créé le", default=timezone.now)

    objects = EnvoiQuerySet.as_manager()

    class Meta:
        verbose_name = "courriel"
        ordering = ["-cree_le"]
        constraints = [
            models.UniqueConstraint(
                fields=["acte", "destinataire"],
                name="courriel_un_par_acte",
                violation_error_message="Ce courriel est déjà parti ou va partir.",
            )
        ]
        indexes = [
            models.Index(
                fields=["prochain_essai_le"],
                condition=Q(traite_le__isnull=True, ecarte_le__isnull=True),
                name="courriel_a_envoyer",
            ),
            models.Index(fields=["traite_le"], condition=~Q(contexte={}), name="courriel_a_vider"),
            models.Index(fields=["cree_le"], name="courriel_age"),
            models.Index(fields=["destinataire"], name="courriel_de_l_adresse"),
        ]

    def __str__(self) -> str:
        return f"{self.genre} à {self.destinataire}"
