"""The names that an agent has admitted although they read like the State's."""

from django.db import models
from django.utils import timezone

from .agent import Agent


class NomAdmis(models.Model):
    """One whole name, first name and surname: the rule of accounts/saisies/noms_reserves.py lets it pass."""

    cle = models.CharField("forme comparée", max_length=200, unique=True, editable=False)
    prenom = models.CharField("prénom", max_length=80)
    nom = models.CharField("nom", max_length=80)
    justificatif = models.CharField("pièce d’identité vue", max_length=300)
    agent = models.ForeignKey(Agent, models.PROTECT, related_name="+")
    admis_le = models.DateTimeField("admis le", default=timezone.now)

    class Meta:
        verbose_name = "nom admis"
        verbose_name_plural = "noms admis"
        ordering = ["-admis_le"]

    def __str__(self) -> str:
        return f"{self.prenom} {self.nom}"
