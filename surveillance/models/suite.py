"""What the cell did with an alert, and what its holder answered (R15; CGU §3.6)."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import Agent, Espace
from accounts.saisies.dates import jour

from .alerte import Alerte


class SuiteAlerte(models.Model):
    """One decision on one alert, or the question put to its holder, who answers « c'était moi » or not within seven days."""

    class Genre(models.TextChoices):
        QUESTION = "QUESTION", "question posée au détenteur"
        SANS_SUITE = "SANS_SUITE", "classée sans suite"
        AVEREE = "AVEREE", "avérée, déjà traitée"

    class Reponse(models.TextChoices):
        MOI = "MOI", "c’était lui"
        PAS_MOI = "PAS_MOI", "ce n’était pas lui"

    alerte = models.ForeignKey(Alerte, models.CASCADE, related_name="suites")
    genre = models.CharField("suite", max_length=10, choices=Genre)
    espace = models.ForeignKey(Espace, models.CASCADE, null=True, blank=True, related_name="+", db_index=False)
    motif = models.CharField("motif", max_length=500, blank=True)
    agent = models.ForeignKey(Agent, models.PROTECT, related_name="+", verbose_name="décidée par", db_index=False)
    second = models.ForeignKey(
        Agent, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="contresignée par", db_index=False
    )
    faite_le = models.DateTimeField("faite le", default=timezone.now)
    expire_le = models.DateTimeField("réponse possible jusqu’au", null=True, blank=True)
    reponse = models.CharField("réponse du détenteur", max_length=7, choices=Reponse, blank=True)
    repondue_le = models.DateTimeField("réponse donnée le", null=True, blank=True)

    class Meta:
        verbose_name = "suite d’une alerte"
        verbose_name_plural = "suites des alertes"
        ordering = ["-faite_le", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["alerte"],
                condition=Q(genre="QUESTION"),
                name="suite_une_question",
                violation_error_message="Une question est déjà posée au détenteur pour cette alerte.",
            ),
            models.CheckConstraint(
                condition=Q(genre="QUESTION", expire_le__isnull=False)
                | (~Q(genre="QUESTION") & Q(expire_le__isnull=True, repondue_le__isnull=True)),
                name="suite_question_datee",
                violation_error_message="Une question a un délai de réponse ; une décision n’en a pas.",
            ),
            models.CheckConstraint(
                condition=Q(reponse="", repondue_le__isnull=True) | (~Q(reponse="") & Q(repondue_le__isnull=False)),
                name="suite_reponse_datee",
                violation_error_message="Une réponse porte sa date.",
            ),
        ]
        indexes = [
            models.Index(
                fields=["espace"],
                condition=Q(genre="QUESTION", repondue_le__isnull=True),
                name="suite_question_attend",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_genre_display()} le {jour(self.faite_le)}"

    def attend_une_reponse(self) -> bool:
        """Whether its holder may still answer, as the database knew it when this row was read."""
        return self.repondue_le is None and self.expire_le is not None and timezone.now() <= self.expire_le
