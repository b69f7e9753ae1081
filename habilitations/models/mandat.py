"""The evidence that a représentant légal gave authority by handing over a code (CGU §2.3)."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import Espace
from services.models import PersonneSirenisee


class Mandat(models.Model):
    """What was authorised, by whom, to whom, by which letter, when. Kept for the legal limitation period."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    demande = models.CharField("référence de la demande", max_length=20, unique=True)
    nature = models.CharField("nature", max_length=20)
    personne = models.ForeignKey(PersonneSirenisee, models.PROTECT, related_name="mandats")
    mandataire = models.ForeignKey(Espace, models.PROTECT, related_name="mandats")
    qualite = models.CharField("qualité", max_length=40)
    representant_legal = models.CharField("représentant légal", max_length=300)
    adresse_du_courrier = models.JSONField("adresse du courrier", default=list)
    demarches = models.JSONField("démarches autorisées", default=list)
    courrier_numero = models.PositiveSmallIntegerField("numéro du courrier")
    courrier_canal = models.CharField("canal du courrier", max_length=10)
    courrier_edite_le = models.DateTimeField("courrier édité le")
    code_saisi_le = models.DateTimeField("code saisi le", default=timezone.now)

    class Meta:
        verbose_name = "mandat"
        ordering = ["-code_saisi_le"]
        indexes = [
            models.Index(fields=["-code_saisi_le", "id"], name="mandat_par_date"),
            models.Index(
                fields=["code_saisi_le"],
                condition=~Q(representant_legal="", adresse_du_courrier=[]),
                name="mandat_a_vider",
            ),
        ]

    def __str__(self) -> str:
        return f"mandat {self.demande}"
