"""A list too long to be made while a browser waits: its request, then its file for a day."""

import uuid
from datetime import timedelta
from typing import Final

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import Envoi, EnvoiQuerySet, Espace
from accounts.saisies.dates import jour_heure

GARDE: Final = timedelta(hours=24)


class Export(Envoi):
    """Somebody asked for this list as XLSX. A worker makes it; only the espace that asked may take it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    espace = models.ForeignKey(Espace, models.PROTECT, related_name="exports", db_index=False)
    liste = models.JSONField("liste demandée")
    cree_le = models.DateTimeField("demandé le", default=timezone.now)
    lignes = models.PositiveIntegerField("nombre de lignes", null=True, blank=True)
    contenu = models.BinaryField("fichier", null=True, blank=True)

    objects = EnvoiQuerySet.as_manager()

    class Meta:
        verbose_name = "fichier demandé"
        verbose_name_plural = "fichiers demandés"
        indexes = [
            models.Index(
                fields=["prochain_essai_le"],
                condition=Q(traite_le__isnull=True, ecarte_le__isnull=True),
                name="export_a_faire",
            ),
            models.Index(fields=["espace", "cree_le"], name="export_de_l_espace"),
            models.Index(fields=["cree_le"], name="export_a_effacer"),
        ]

    def __str__(self) -> str:
        return f"fichier demandé le {jour_heure(self.cree_le)}"
