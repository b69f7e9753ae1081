"""What the particulars of an espace were before each change: what a disabling puts back, and what the counter reads (R15, R16)."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from ..saisies.dates import jour
from .adresse import AdressePostale
from .espace import Espace


class AnciennesCoordonnees(AdressePostale):
    """The particulars of an espace as they stood until this change, kept for a year; what came after is the next row, or the espace."""

    espace = models.ForeignKey(Espace, models.CASCADE, related_name="anciennes_coordonnees", db_index=False)
    changees_le = models.DateTimeField("changées le", default=timezone.now)
    civilite = models.CharField("civilité", max_length=8, choices=Espace.Civilite, blank=True)
    nom = models.CharField("nom", max_length=80)
    prenom = models.CharField("prénom", max_length=80)
    telephone = models.CharField("téléphone", max_length=20, blank=True)
    siren_appartenance = models.CharField("SIREN de l’organisation d’appartenance", max_length=9, blank=True)

    class Meta:
        verbose_name = "anciennes coordonnées"
        verbose_name_plural = "anciennes coordonnées"
        ordering = ["changees_le", "pk"]
        indexes = [
            models.Index(fields=["espace", "changees_le"], name="coordonnees_de_l_espace"),
            models.Index(fields=["changees_le"], name="coordonnees_a_effacer"),
            models.Index(
                fields=["siren_appartenance"], condition=~Q(siren_appartenance=""), name="coordonnees_d_appartenance"
            ),
        ]

    def __str__(self) -> str:
        return f"coordonnées changées le {jour(self.changees_le)}"


class AncienneAdresse(models.Model):
    """The login address of an espace until this change, kept for a year: what a disabling gives back (R15)."""

    class Voie(models.TextChoices):
        """How it was changed."""

        DETENTEUR = "DETENTEUR", "par le lien envoyé à la nouvelle adresse"
        GUICHET = "GUICHET", "donnée au guichet, devant deux agents"
        ANNULATION = "ANNULATION", "annulée depuis l’adresse d’avant"
        DESACTIVATION = "DESACTIVATION", "remise par une désactivation, ou par son annulation"

    espace = models.ForeignKey(Espace, models.CASCADE, related_name="anciennes_adresses", db_index=False)
    adresse = models.EmailField("adresse d’avant", max_length=254)
    voie = models.CharField("changée", max_length=13, choices=Voie)
    changee_le = models.DateTimeField("changée le", default=timezone.now)

    class Meta:
        verbose_name = "ancienne adresse de connexion"
        verbose_name_plural = "anciennes adresses de connexion"
        ordering = ["changee_le", "pk"]
        indexes = [
            models.Index(fields=["espace", "changee_le"], name="adresses_de_l_espace"),
            models.Index(fields=["changee_le"], name="adresses_a_effacer"),
        ]

    def __str__(self) -> str:
        return f"adresse changée le {jour(self.changee_le)}"
