"""Asking again who uses a session: one row for each time, whatever came of it."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.saisies.dates import jour


class Verification(models.Model):
    """One verification of one session (CGU §3.6.a). Its code is derived, never stored (surveillance/verification/codes.py)."""

    class Preuve(models.TextChoices):
        COURRIEL = "COURRIEL", "code reçu par courriel"
        APPLICATION = "APPLICATION", "application d’authentification"
        CONNEXION = "CONNEXION", "second facteur de la connexion"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    compte = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="verifications", db_index=False)
    raison = models.CharField("raison", max_length=200)
    demandee_le = models.DateTimeField("demandée le", default=timezone.now)
    envois = models.PositiveSmallIntegerField("codes envoyés", default=0)
    envoye_le = models.DateTimeField("dernier code envoyé le", null=True, blank=True)
    navigateur = models.CharField("empreinte du navigateur qui a demandé le code", max_length=64, blank=True)
    essais = models.PositiveSmallIntegerField("codes inexacts", default=0)
    preuve = models.CharField("vérifiée par", max_length=11, choices=Preuve, blank=True)
    reussie_le = models.DateTimeField("vérifiée le", null=True, blank=True)
    manquee_le = models.DateTimeField("session fermée le", null=True, blank=True)

    class Meta:
        verbose_name = "vérification"
        verbose_name_plural = "vérifications"
        ordering = ["-demandee_le"]
        constraints = [
            models.CheckConstraint(
                condition=Q(reussie_le__isnull=True) | Q(manquee_le__isnull=True),
                name="verification_reussie_ou_manquee",
                violation_error_message="Une vérification est réussie ou manquée, pas les deux.",
            ),
            models.CheckConstraint(
                condition=Q(essais__lte=5),
                name="verification_cinq_essais",
                violation_error_message="Cinq codes inexacts au plus pour une vérification.",
            ),
        ]
        indexes = [
            models.Index(fields=["compte", "-demandee_le"], name="verification_compte"),
            models.Index(fields=["demandee_le"], name="verification_par_date"),
        ]

    def __str__(self) -> str:
        return f"vérification du {jour(self.demandee_le)}"

    @property
    def attend(self) -> bool:
        """Whether its session still waits for a proof."""
        return self.reussie_le is None and self.manquee_le is None
