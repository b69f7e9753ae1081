"""A date of the fiscal calendar, for a service of the catalogue."""

from django.db import models

from .service import Service


class Echeance(models.Model):
    """One date that has a source, shown as « indicatif ». Loaded from services/donnees/echeances/ by `charger_echeances`."""

    service = models.ForeignKey(Service, models.PROTECT, related_name="echeances", db_index=False)
    jour = models.DateField("jour")
    libelle = models.CharField("libellé", max_length=120)
    condition = models.CharField("qui est concerné", max_length=200, blank=True)
    source = models.CharField("source", max_length=300)

    class Meta:
        verbose_name = "échéance"
        ordering = ["jour", "service__ordre", "libelle"]
        constraints = [
            models.UniqueConstraint(
                fields=["jour", "service", "libelle"],
                name="echeance_une_fois",
                violation_error_message="Cette échéance figure déjà à cette date.",
            ),
            models.CheckConstraint(
                condition=~models.Q(source=""),
                name="echeance_avec_source",
                violation_error_message="Une date sans source n’est pas montrée.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.libelle}, {self.jour}"
