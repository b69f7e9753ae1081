"""What the holder of an espace chose: to be told by mail, and when; which companies come first."""

from typing import Any, cast

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import Espace


class Preference(models.Model):
    """One row per espace that chose; without a row all is told at once. What protects the espace is told whatever it says.

    `resume_depuis`: from when on the grants made by others wait for the next digest; None when none does.
    """

    class Accords(models.TextChoices):
        AUSSITOT = "AUSSITOT", "Aussitôt, un courriel par acte"
        QUOTIDIEN = "QUOTIDIEN", "Une fois par jour, le matin, en un seul courriel"

    class Avis(models.TextChoices):
        AUSSITOT = "AUSSITOT", "Par courriel"
        AUCUN = "AUCUN", "Pas de courriel : je le lis sur le portail"

    class Rappels(models.TextChoices):
        HEBDOMADAIRE = "HEBDOMADAIRE", "Une fois par semaine au plus, quand une date approche"
        AUCUN = "AUCUN", "Pas de courriel : je lis le calendrier sur le portail"

    espace = models.OneToOneField(Espace, models.PROTECT, primary_key=True, related_name="preference")
    accords = models.CharField(
        "habilitations accordées par d’autres", max_length=9, choices=Accords, default=Accords.AUSSITOT
    )
    echeances = models.CharField("habilitations bientôt terminées", max_length=8, choices=Avis, default=Avis.AUSSITOT)
    fichiers = models.CharField("fichiers demandés", max_length=8, choices=Avis, default=Avis.AUSSITOT)
    rappels = models.CharField(
        "échéances de vos services", max_length=12, choices=Rappels, default=Rappels.HEBDOMADAIRE
    )
    accords_choisi_le = models.DateTimeField("choisi le", default=timezone.now)
    favoris = ArrayField(
        models.CharField("SIREN ou IDSP", max_length=9), verbose_name="entreprises favorites", blank=True, default=list
    )
    resume_depuis = models.DateTimeField("prochain résumé depuis le", null=True, blank=True)

    class Meta:
        verbose_name = "préférence d’avis"
        verbose_name_plural = "préférences d’avis"
        constraints = [
            models.CheckConstraint(
                condition=~Q(accords="QUOTIDIEN") | Q(resume_depuis__isnull=False),
                name="preference_resume_depuis",
                violation_error_message="Un résumé quotidien part d’un jour.",
            )
        ]
        indexes = [
            models.Index(
                fields=["resume_depuis"], condition=Q(resume_depuis__isnull=False), name="preference_resume_du"
            )
        ]

    def __str__(self) -> str:
        return f"préférences de {self.espace_id}"


def preference_de(espace: Espace) -> Preference:
    """Return what this espace chose; the defaults, not in the database, when it chose nothing."""
    try:
        preference: Preference = cast(Any, espace).preference  # the stubs know it or not, by the order of the imports
        return preference
    except Preference.DoesNotExist:
        return Preference(espace=espace)
