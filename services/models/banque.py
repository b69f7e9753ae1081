"""Bank references of a personne and the SEPA mandates made from them (CGU §4.d)."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone

from .personne import PersonneSirenisee


class ReferenceBancaire(models.Model):
    """An account that a personne pays from. It belongs to the personne, so it survives a substitution (R12)."""

    class Etat(models.TextChoices):
        SAISI = "SAISI", "saisi"
        VALIDE = "VALIDE", "valide"
        REFUSE = "REFUSE", "refusé"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    personne = models.ForeignKey(PersonneSirenisee, models.PROTECT, related_name="references_bancaires")
    iban = models.CharField("IBAN", max_length=34)
    bic = models.CharField("BIC", max_length=11, blank=True)
    titulaire = models.CharField("dénomination du titulaire", max_length=160)
    etat_core = models.CharField("prélèvement CORE", max_length=6, choices=Etat, default=Etat.SAISI)
    etat_b2b = models.CharField("prélèvement interentreprises", max_length=6, choices=Etat, default=Etat.SAISI)
    ajoutee_le = models.DateTimeField(default=timezone.now)
    supprimee_le = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "référence bancaire"
        verbose_name_plural = "références bancaires"
        constraints = [
            models.UniqueConstraint(
                fields=["personne", "iban"],
                condition=Q(supprimee_le__isnull=True),
                name="reference_iban_unique",
                violation_error_message="Ce compte est déjà enregistré pour cette personne.",
            ),
            models.CheckConstraint(
                condition=Q(iban__regex=r"^[A-Z]{2}[0-9]{2}[0-9A-Z]{11,30}$"),
                name="reference_iban_forme",
                violation_error_message="Cet IBAN n’a pas la forme attendue.",
            ),
        ]

    def __str__(self) -> str:
        return self.iban_masque

    @property
    def iban_masque(self) -> str:
        """Country and last four characters: an IBAN is never shown whole in a list or a log (design.md §3)."""
        return f"{self.iban[:4]} •••• {self.iban[-4:]}"


class MandatSepa(models.Model):
    """The mandate to sign and hand to the bank for one reference. Its RUM is at most 35 characters (EPC AT-01)."""

    reference = models.OneToOneField(ReferenceBancaire, models.PROTECT, related_name="mandat")
    rum = models.CharField("référence unique du mandat", max_length=35, unique=True)
    edite_le = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = "mandat SEPA"
        verbose_name_plural = "mandats SEPA"

    def __str__(self) -> str:
        return self.rum
