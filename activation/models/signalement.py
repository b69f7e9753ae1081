"""What somebody says who does not recognise a demande."""

import uuid
from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import Agent, Espace

from .demande import Demande


class SignalementQuerySet(models.QuerySet["Signalement"]):
    """Reports, and what they do to a code."""

    def suspensifs(self, maintenant: datetime) -> Self:
        """Narrow to those that suspend a code at this moment (`Signalement.suspend_a` says it of one)."""
        return self.filter(suspend_jusqu_au__gt=maintenant, repris_le=None, decision=Signalement.Decision.EN_ATTENTE)


class Signalement(models.Model):
    """« Je ne reconnais pas cette demande »: by who has its letter, or by the titulaire of a service asked for (R8).

    The first one of a letter suspends the code until `suspend_jusqu_au`; `repris_le` says when the code lived again.
    """

    class Origine(models.TextChoices):
        COURRIER = "COURRIER", "destinataire du courrier"
        TITULAIRE = "TITULAIRE", "administrateur titulaire d’un service demandé"

    class Decision(models.TextChoices):
        EN_ATTENTE = "EN_ATTENTE", "à examiner"
        CONFIRME = "CONFIRME", "confirmé : demande refusée"
        ECARTE = "ECARTE", "écarté : le code vaut de nouveau"
        SANS_OBJET = "SANS_OBJET", "sans objet : la demande s’est terminée"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    demande = models.ForeignKey(Demande, models.PROTECT, related_name="signalements")
    origine = models.CharField("origine", max_length=9, choices=Origine)
    espace = models.ForeignKey(
        Espace, models.PROTECT, null=True, blank=True, related_name="signalements", verbose_name="signalé par"
    )
    texte = models.CharField("précision donnée", max_length=500, blank=True)
    recu_le = models.DateTimeField("reçu le", default=timezone.now)
    suspend_jusqu_au = models.DateTimeField("suspend le code jusqu’au", null=True, blank=True)
    repris_le = models.DateTimeField("code repris le", null=True, blank=True)
    decision = models.CharField("décision", max_length=10, choices=Decision, default=Decision.EN_ATTENTE)
    decide_le = models.DateTimeField("décidé le", null=True, blank=True)
    agent = models.ForeignKey(Agent, models.PROTECT, null=True, blank=True, related_name="+")

    objects = SignalementQuerySet.as_manager()

    class Meta:
        verbose_name = "signalement"
        ordering = ["-recu_le"]
        constraints = [
            models.UniqueConstraint(
                fields=["demande"],
                condition=Q(suspend_jusqu_au__isnull=False),
                name="signalement_suspend_une_fois",
                violation_error_message="Le code d’une demande n’est suspendu qu’une fois.",
            ),
            models.UniqueConstraint(
                fields=["demande", "origine"],
                condition=Q(decision="EN_ATTENTE"),
                name="signalement_un_en_attente",
                violation_error_message="Un signalement de cette demande attend déjà d’être examiné.",
            ),
            models.CheckConstraint(
                condition=Q(decision="EN_ATTENTE", decide_le__isnull=True)
                | (~Q(decision="EN_ATTENTE") & Q(decide_le__isnull=False)),
                name="signalement_decide_avec_date",
                violation_error_message="Un signalement examiné porte la date de la décision.",
            ),
            models.CheckConstraint(
                condition=Q(origine="COURRIER") | Q(suspend_jusqu_au__isnull=True),
                name="signalement_titulaire_ne_suspend_pas",
                violation_error_message="Le signalement d’un administrateur titulaire ne suspend pas le code.",
            ),
        ]
        indexes = [
            models.Index(fields=["-decide_le", "recu_le", "id"], name="signalement_liste"),
            models.Index(fields=["demande"], condition=~Q(texte=""), name="signalement_a_vider"),
            models.Index(
                fields=["suspend_jusqu_au"],
                condition=Q(suspend_jusqu_au__isnull=False, repris_le__isnull=True, decision="EN_ATTENTE"),
                name="signalement_a_reprendre",
            ),
        ]

    def suspend_a(self, maintenant: datetime) -> bool:
        """Whether it suspends the code at this moment."""
        return (
            self.suspend_jusqu_au is not None
            and self.suspend_jusqu_au > maintenant
            and self.repris_le is None
            and self.decision == self.Decision.EN_ATTENTE
        )

    def __str__(self) -> str:
        return f"signalement de la demande {self.demande.reference}"


class SignalementDiffere(models.Model):
    """A report that came beyond the pace of its network: what it says is compared with the demande at `examiner_le`, not before.

    Only for a demande that waits; `reseau` is the keyed hash that counts the network.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    demande = models.ForeignKey(Demande, models.CASCADE, related_name="+")
    espace = models.ForeignKey(
        Espace, models.CASCADE, null=True, blank=True, related_name="+", verbose_name="signalé par"
    )
    cle = models.CharField("fin de la référence saisie", max_length=8, blank=True)
    texte = models.CharField("précision donnée", max_length=500, blank=True)
    reseau = models.CharField(max_length=64, editable=False)
    recu_le = models.DateTimeField("reçu le", default=timezone.now)
    examiner_le = models.DateTimeField("à examiner le")

    class Meta:
        verbose_name = "signalement différé"
        verbose_name_plural = "signalements différés"
        indexes = [models.Index(fields=["examiner_le"], name="signalement_differe_du")]

    def __str__(self) -> str:
        return f"signalement différé de la demande {self.demande.reference}"
