"""A disabling of an espace (R15): who decided it, on what, what was set aside, how it ended."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import Agent, Espace
from accounts.saisies.dates import jour


class Desactivation(models.Model):
    """One disabling: under way until the cell undoes it (seven days) or the holder is recognised at the counter (R16).

    `secrets` are the former hashes, sealed under keys of their own, emptied after seven days; `memoire` is what each app
    stopped (accounts/espace/arrets.py), until the holder has looked at it.
    """

    class Voie(models.TextChoices):
        AGENT = "AGENT", "décidée par un agent de la cellule de surveillance"
        COMMANDE = "COMMANDE", "décidée par l’exploitation"
        AUTOMATIQUE = "AUTOMATIQUE", "automatique, sur deux signaux indépendants"

    class Raison(models.TextChoices):
        """What its holder is told of why: never the evidence."""

        INHABITUEL = (
            "INHABITUEL",
            "votre espace a été utilisé d’une façon inhabituelle, qui laisse penser qu’une autre personne s’en sert",
        )
        SIGNALEMENT = (
            "SIGNALEMENT",
            "vous, ou une personne concernée, avez signalé un usage que vous ne reconnaissez pas",
        )
        PARTAGE = "PARTAGE", "votre mot de passe semble connu d’une autre personne"
        AUTOMATE = "AUTOMATE", "un automate semble se servir de votre espace à votre place"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    espace = models.ForeignKey(Espace, models.PROTECT, related_name="desactivations")
    voie = models.CharField("décision", max_length=11, choices=Voie)
    raison = models.CharField("raison donnée au détenteur", max_length=11, choices=Raison)
    motif = models.CharField("motif", max_length=1020, blank=True)  # 500 signs to disable, 500 to undo it
    agent = models.ForeignKey(
        Agent, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="décidée par", db_index=False
    )
    alertes = ArrayField(models.UUIDField(), verbose_name="alertes", default=list, blank=True)
    depuis = models.DateTimeField("premier acte suspect")
    desactive_le = models.DateTimeField("désactivé le", default=timezone.now)
    etat_avant = models.CharField("état d’avant", max_length=19, choices=Espace.Etat)
    secrets = models.TextField("empreintes mises de côté", blank=True, editable=False)
    memoire = models.JSONField("ce qui a été arrêté", default=dict, blank=True, editable=False)
    annulee_le = models.DateTimeField("annulée le", null=True, blank=True)
    annulee_par = models.ForeignKey(
        Agent, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="annulée par", db_index=False
    )
    retablie_le = models.DateTimeField("accès rétabli le", null=True, blank=True)
    tranchee_le = models.DateTimeField("changements examinés le", null=True, blank=True)

    class Meta:
        verbose_name = "désactivation"
        ordering = ["-desactive_le"]
        constraints = [
            models.UniqueConstraint(
                fields=["espace"],
                condition=Q(annulee_le__isnull=True, retablie_le__isnull=True),
                name="desactivation_une_en_cours",
                violation_error_message="Cet espace est déjà désactivé.",
            ),
            models.CheckConstraint(
                condition=Q(annulee_le__isnull=True) | Q(retablie_le__isnull=True, secrets=""),
                name="desactivation_annulee_ou_retablie",
                violation_error_message="Une désactivation est annulée ou l’accès est rétabli, et rien ne reste alors de côté.",
            ),
            models.CheckConstraint(
                condition=Q(retablie_le__isnull=True, tranchee_le__isnull=True)
                | Q(retablie_le__isnull=False, secrets=""),
                name="desactivation_tranchee_retablie",
                violation_error_message="Les changements s’examinent une fois l’accès rétabli.",
            ),
        ]
        indexes = [
            models.Index(fields=["-desactive_le"], name="desactivation_recente"),
        ]

    def __str__(self) -> str:
        return f"désactivation du {jour(self.desactive_le)}"

    @property
    def est_en_cours(self) -> bool:
        return self.annulee_le is None and self.retablie_le is None
