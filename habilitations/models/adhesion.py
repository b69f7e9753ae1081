"""A service opened for a personne."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from services.models import PersonneSirenisee, Service

from .mandat import Mandat


class AdhesionQuerySet(models.QuerySet["Adhesion"]):
    def ouvertes(self) -> "AdhesionQuerySet":
        return self.filter(fermee_le__isnull=True)

    def pour_personne(self, personne: PersonneSirenisee) -> "AdhesionQuerySet":
        return self.filter(personne=personne)


class Adhesion(models.Model):
    """The opening of one service for one personne, resting on a mandate. At most one is open per pair.

    Its pair is found by `adhesion_triplet` (personne, service, id), which the habilitations' composite key points at.
    """

    class Motif(models.TextChoices):
        RETRAIT_GESTIONNAIRE = "RETRAIT_GESTIONNAIRE", "retirée par le service gestionnaire"
        SUPPRESSION_ESPACE = "SUPPRESSION_ESPACE", "espace du titulaire supprimé"
        CESSATION = "CESSATION", "cessation de la personne"
        RETRAIT_CATALOGUE = "RETRAIT_CATALOGUE", "service retiré du catalogue"
        REUNION = "REUNION", "IDSP réuni au dossier du SIREN"

    personne = models.ForeignKey(PersonneSirenisee, models.PROTECT, related_name="adhesions", db_index=False)
    service = models.ForeignKey(Service, models.PROTECT, related_name="adhesions", db_index=False)
    mandat = models.ForeignKey(Mandat, models.PROTECT, related_name="adhesions")
    ouverte_le = models.DateTimeField("ouverte le", default=timezone.now)
    fermee_le = models.DateTimeField("fermée le", null=True, blank=True)
    fermee_motif = models.CharField("motif de fermeture", max_length=20, choices=Motif, blank=True)

    objects = AdhesionQuerySet.as_manager()

    class Meta:
        verbose_name = "adhésion"
        constraints = [
            models.UniqueConstraint(
                fields=["personne", "service"],
                condition=Q(fermee_le__isnull=True),
                name="adhesion_une_ouverte",
                violation_error_message="Ce service est déjà ouvert pour cette personne.",
            ),
            models.CheckConstraint(
                condition=Q(fermee_le__isnull=True, fermee_motif="")
                | (Q(fermee_le__isnull=False) & ~Q(fermee_motif="")),
                name="adhesion_fermee_avec_motif",
                violation_error_message="Une adhésion fermée porte un motif, une adhésion ouverte n’en porte pas.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.service} pour {self.personne}"

    @property
    def est_ouverte(self) -> bool:
        return self.fermee_le is None
