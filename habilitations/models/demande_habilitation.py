"""A request from below: somebody who works for a company asks whoever administers it for a habilitation (issue 13.4)."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import Espace
from accounts.saisies.dates import jour


class DemandeHabilitation(models.Model):
    """Addressed to a SIREN, not to somebody: nothing of it, not even its dates, tells whether anybody administers it.

    `annoncee_le` and `rappelee_le` are when the jobs have looked at it, whether or not there was somebody to tell.
    """

    class Etat(models.TextChoices):
        DEPOSEE = "DEPOSEE", "envoyée"
        ACCEPTEE = "ACCEPTEE", "acceptée"
        REFUSEE = "REFUSEE", "refusée"
        ANNULEE = "ANNULEE", "annulée"
        EXPIREE = "EXPIREE", "restée sans réponse"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    demandeur = models.ForeignKey(
        Espace, models.PROTECT, related_name="demandes_habilitation", verbose_name="demandeur", db_index=False
    )
    siren = models.CharField("SIREN", max_length=9)
    motif = models.CharField("motif", max_length=300)
    etat = models.CharField("état", max_length=8, choices=Etat, default=Etat.DEPOSEE)
    deposee_le = models.DateTimeField("envoyée le", default=timezone.now)
    annoncee_le = models.DateTimeField("examinée le", null=True, blank=True)
    rappelee_le = models.DateTimeField("examinée de nouveau le", null=True, blank=True)
    traitee_le = models.DateTimeField("terminée le", null=True, blank=True)
    traitee_par = models.ForeignKey(
        Espace, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="réponse de"
    )
    reponse = models.CharField("réponse", max_length=300, blank=True)

    class Meta:
        verbose_name = "demande d’habilitation"
        verbose_name_plural = "demandes d’habilitation"
        ordering = ["-deposee_le", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["demandeur", "siren"],
                condition=Q(etat="DEPOSEE"),
                name="demande_habilitation_une_en_cours",
                violation_error_message="Une demande d’habilitation est déjà en cours pour ce SIREN.",
            ),
            models.CheckConstraint(
                condition=Q(siren__regex=r"^[0-9]{9}$"),
                name="demande_habilitation_siren",
                violation_error_message="Un SIREN compte neuf chiffres.",
            ),
            models.CheckConstraint(
                condition=Q(etat="DEPOSEE", traitee_le__isnull=True)
                | (~Q(etat="DEPOSEE") & Q(traitee_le__isnull=False)),
                name="demande_habilitation_terminee",
                violation_error_message="Une demande terminée porte une date, une demande en cours n’en porte pas.",
            ),
            models.CheckConstraint(
                condition=Q(etat__in=["ACCEPTEE", "REFUSEE"], traitee_par__isnull=False)
                | (~Q(etat__in=["ACCEPTEE", "REFUSEE"]) & Q(traitee_par__isnull=True)),
                name="demande_habilitation_repondue",
                violation_error_message="Seule une demande acceptée ou refusée porte qui a répondu.",
            ),
        ]
        indexes = [
            models.Index(fields=["demandeur", "-deposee_le"], name="demande_habilitation_demandeur"),
            models.Index(fields=["siren"], condition=Q(etat="DEPOSEE"), name="demande_habilitation_siren_vu"),
            models.Index(
                fields=["deposee_le"],
                condition=Q(etat="DEPOSEE", annoncee_le__isnull=True),
                name="demande_habilitation_annonce",
            ),
            models.Index(
                fields=["deposee_le"],
                condition=Q(etat="DEPOSEE", annoncee_le__isnull=False),
                name="demande_habilitation_suivi",
            ),
            models.Index(
                fields=["traitee_le"], condition=Q(traitee_le__isnull=False), name="demande_habilitation_purge"
            ),
        ]

    def __str__(self) -> str:
        return f"habilitation demandée le {jour(self.deposee_le)}"

    @property
    def est_en_cours(self) -> bool:
        return self.etat == self.Etat.DEPOSEE
