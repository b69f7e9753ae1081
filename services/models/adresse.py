"""The address for letters that an agent entered where the register's cannot be written to."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import AdressePostale, Agent

from .personne import PersonneSirenisee


class AdresseSaisie(AdressePostale):
    """One address entered by an agent, with its reason and proof; `registre` is what the register said that day."""

    personne = models.ForeignKey(PersonneSirenisee, models.PROTECT, related_name="adresses_saisies")
    destinataire = models.CharField("nom à porter sur l’enveloppe", max_length=160, blank=True)
    registre = models.JSONField("adresse du registre ce jour-là", default=list)
    motif = models.CharField("motif", max_length=300)
    justificatif = models.CharField("justificatif vu", max_length=300)
    agent = models.ForeignKey(Agent, models.PROTECT, related_name="+")
    saisie_le = models.DateTimeField("saisie le", default=timezone.now)
    fin_le = models.DateTimeField("remplacée ou retirée le", null=True, blank=True)

    class Meta:
        verbose_name = "adresse pour les courriers"
        verbose_name_plural = "adresses pour les courriers"
        ordering = ["-saisie_le"]
        constraints = [
            models.UniqueConstraint(
                fields=["personne"],
                condition=Q(fin_le__isnull=True),
                name="adresse_saisie_une_vivante",
                violation_error_message="Une adresse est déjà saisie pour cette personne.",
            )
        ]

    def __str__(self) -> str:
        return ", ".join(self.lignes_adresse)
