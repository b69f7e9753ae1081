"""The catalogue of online services."""

from enum import StrEnum

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from .personne import Categorie, PersonneSirenisee


class Fermeture(StrEnum):
    """Why a service cannot be opened for a personne, whoever asks."""

    NON_OUVERT = "NON_OUVERT"
    RESERVE_DGE = "RESERVE_DGE"


class Service(models.Model):
    """One téléservice. Loaded from services/donnees/catalogue.toml by `charger_catalogue`; never edited by hand."""

    class Famille(models.TextChoices):
        CONSULTER = "CONSULTER", "Consulter"
        DECLARER = "DECLARER", "Déclarer"
        PAYER = "PAYER", "Payer"
        MESSAGERIE = "MESSAGERIE", "Messagerie"
        DEMARCHE = "DEMARCHE", "Démarches"

    class Domaine(models.TextChoices):
        FISCAL = "FISCAL", "fiscal"
        FONCIER = "FONCIER", "foncier"
        DOMANIAL = "DOMANIAL", "domanial"

    code = models.CharField("code", max_length=20, unique=True)
    libelle = models.CharField("libellé", max_length=120)
    famille = models.CharField("famille", max_length=10, choices=Famille)
    domaine = models.CharField("domaine", max_length=8, choices=Domaine)
    description = models.TextField("description")
    paiement = models.BooleanField("service de paiement", default=False)
    bouquet_simplifie = models.BooleanField("dans le bouquet simplifié", default=False)
    categories = ArrayField(models.CharField(max_length=20, choices=Categorie), verbose_name="ouvert aux catégories")
    retrait_par_gestionnaire = models.BooleanField("retrait par le service gestionnaire", default=False)
    reserve_dge = models.BooleanField("réservé à la DGE", default=False)
    adresse = models.URLField("adresse de la téléprocédure", blank=True)
    ordre = models.PositiveSmallIntegerField("ordre", default=0)

    class Meta:
        verbose_name = "service"
        ordering = ["ordre", "code"]
        constraints = [
            models.CheckConstraint(
                condition=Q(code__regex=r"^[A-Z][A-Z0-9_]*$"),
                name="service_code_forme",
                violation_error_message="Un code de service s'écrit en capitales, chiffres et tirets bas.",
            )
        ]

    def __str__(self) -> str:
        return self.libelle

    def ferme_a(self, personne: PersonneSirenisee) -> Fermeture | None:
        """Return why this service cannot be opened for this personne, None when it can (domaine.md §2.3)."""
        if personne.categorie not in self.categories:
            return Fermeture.NON_OUVERT
        gestionnaire = personne.service_gestionnaire
        if self.reserve_dge and gestionnaire.type != gestionnaire.Type.DGE:
            return Fermeture.RESERVE_DGE
        return None
