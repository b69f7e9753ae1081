"""What the surveillance cell reviews, and the signals that it is made of."""

import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import Agent, Compte
from accounts.saisies.dates import jour


class Gravite(models.IntegerChoices):
    """How grave a signal is; a number, so that a queue has the gravest first."""

    INFO = 1, "pour information"
    MOYENNE = 2, "moyenne"
    GRAVE = 3, "grave"


type Joindre = Callable[[dict[str, Any], dict[str, Any]], dict[str, Any]]
"""Of the details that an open alert has, and of what is seen again: the details that it has from then on."""


class AlerteManager(models.Manager["Alerte"]):
    """Alerts, raised in one way."""

    def lever(
        self,
        *,
        compte: Compte | None,
        motif: str,
        cause: str,
        gravite: Gravite,
        details: dict[str, Any],
        maintenant: datetime,
        connexion: uuid.UUID | None = None,
        joindre: Joindre = lambda _avant, vus: vus,
    ) -> "Alerte":
        """Raise an alert, or count this one on that which is open for the same account, kind and cause; return it.

        Within a transaction. The unique constraint decides between two that raise it at once, and its row is locked.
        """
        alerte, nouvelle = self.select_for_update(no_key=True).get_or_create(
            compte=compte,
            motif=motif,
            cause=cause,
            etat=Alerte.Etat.OUVERTE,
            defaults={
                "gravite": gravite,
                "connexion": connexion,
                "details": details,
                "levee_le": maintenant,
                "derniere_le": maintenant,
            },
        )
        if not nouvelle:
            alerte.nombre += 1
            alerte.derniere_le = max(alerte.derniere_le, maintenant)
            alerte.details = joindre(alerte.details, details)
            alerte.save(update_fields=["nombre", "derniere_le", "details"])
        return alerte


class Alerte(models.Model):
    """A suspicious use of an account, for an agent to judge (CGU §3.6.a). The sign-in it comes from is named by id.

    Without an account, it is of a network: an address blocked until the cell decides (R17).

    `motif` is the code of a signal (surveillance/signaux/registre.py); `cause` is what many alerts may have in common, as a network.
    What is seen again while it is open is counted here: `nombre`, `derniere_le`.
    """

    class Etat(models.TextChoices):
        OUVERTE = "OUVERTE", "à examiner"
        CONFIRMEE = "CONFIRMEE", "compromission confirmée"
        ECARTEE = "ECARTEE", "sans suite"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    compte = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="alertes")
    connexion = models.UUIDField("connexion", null=True, blank=True)
    motif = models.CharField("motif", max_length=60)
    gravite = models.PositiveSmallIntegerField("gravité", choices=Gravite, default=Gravite.MOYENNE)
    cause = models.CharField("cause", max_length=120, blank=True)
    details = models.JSONField("détails", default=dict)
    score = models.FloatField("score", null=True, blank=True)
    etat = models.CharField("état", max_length=9, choices=Etat, default=Etat.OUVERTE)
    levee_le = models.DateTimeField("levée le", default=timezone.now)
    derniere_le = models.DateTimeField("vue en dernier le", default=timezone.now)
    nombre = models.PositiveIntegerField("fois", default=1)
    examinee_le = models.DateTimeField("examinée le", null=True, blank=True)
    examinee_par = models.ForeignKey(Agent, models.PROTECT, null=True, blank=True, related_name="alertes_examinees")

    objects = AlerteManager()

    class Meta:
        verbose_name = "alerte"
        ordering = ["-levee_le"]
        indexes = [
            models.Index(fields=["etat", "-levee_le"]),
            models.Index(fields=["-gravite", "levee_le", "id"], condition=Q(etat="OUVERTE"), name="alerte_a_examiner"),
            models.Index(fields=["cause", "-levee_le"], condition=~Q(cause=""), name="alerte_de_cause"),
            models.Index(fields=["levee_le", "id"], name="alerte_par_date"),
            models.Index(fields=["examinee_le"], condition=Q(examinee_le__isnull=False), name="alerte_examinee"),
            models.Index(fields=["derniere_le"], condition=Q(etat="OUVERTE"), name="alerte_vue"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["compte", "motif", "cause"],
                condition=Q(etat="OUVERTE") & ~Q(cause=""),
                name="alerte_ouverte_une_par_cause",
                nulls_distinct=False,
                violation_error_message="Une alerte de ce genre est déjà ouverte pour ce compte et cette cause.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.motif} le {jour(self.levee_le)}"


class SignalVu(models.Model):
    """One signal seen: once a day for an account, a kind and a cause, whoever saw it and however often."""

    compte = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="signaux", db_index=False)
    genre = models.CharField("genre", max_length=60)
    cause = models.CharField("cause", max_length=120)
    jour = models.DateField("jour")
    vu_le = models.DateTimeField("vu le", default=timezone.now)
    details = models.JSONField("détails", default=dict)
    session = models.UUIDField("session", null=True, blank=True)
    connexion = models.UUIDField("connexion", null=True, blank=True)
    verification = models.UUIDField("vérification de sa session", null=True, blank=True)
    demandes = ArrayField(models.CharField(max_length=8), verbose_name="ce qui a été fait", default=list, blank=True)
    alerte = models.ForeignKey(
        Alerte, models.SET_NULL, null=True, blank=True, related_name="signaux", verbose_name="alerte levée"
    )

    class Meta:
        verbose_name = "signal"
        verbose_name_plural = "signaux"
        ordering = ["-vu_le"]
        constraints = [
            models.UniqueConstraint(
                fields=["compte", "genre", "cause", "jour"],
                name="signal_un_par_jour",
                violation_error_message="Ce signal est déjà noté aujourd’hui pour ce compte et cette cause.",
            )
        ]
        indexes = [
            models.Index(fields=["compte", "-vu_le"], name="signal_du_compte"),
            models.Index(fields=["vu_le"], name="signal_par_date"),
        ]

    def __str__(self) -> str:
        return f"{self.genre} le {jour(self.vu_le)}"
