"""The catalogue of online services."""

from datetime import date
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
    resume = models.CharField("résumé", max_length=60, blank=True)
    description = models.TextField("description")
    besoins = models.TextField("ce qu’il faut de particulier", blank=True)
    voisins = ArrayField(models.CharField(max_length=20), verbose_name="services voisins", blank=True, default=list)
    echeance_propre = models.TextField("où se trouve la date propre à l’entreprise", blank=True)
    paiement = models.BooleanField("service de paiement", default=False)
    bouquet_simplifie = models.BooleanField("dans le bouquet simplifié", default=False)
    categories = ArrayField(models.CharField(max_length=20, choices=Categorie), verbose_name="ouvert aux catégories")
    retrait_par_gestionnaire = models.BooleanField("retrait par le service gestionnaire", default=False)
    reserve_dge = models.BooleanField("réservé à la DGE", default=False)
    adresse = models.URLField("adresse de la téléprocédure", blank=True)
    ferme_le = models.DateField("dernier jour avant son retrait du catalogue", null=True, blank=True)
    ordre = models.PositiveSmallIntegerField("ordre", default=0)

    class Meta:
        verbose_name = "service"
        ordering = ["ordre", "code"]
        constraints = [
            models.CheckConstraint(
                condition=Q(code__regex=r"^[A-Z][A-Z0-9_]*$"),
                name="service_code_forme",
                violation_error_message="Un code de service s’écrit en capitales, chiffres et tirets bas.",
            )
        ]

    def __str__(self) -> str:
        return self.libelle

    def est_retire(self, jour: date) -> bool:
        """Whether it has left the catalogue: its last day is past."""
        return self.ferme_le is not None and self.ferme_le < jour

    def ferme_a(self, personne: PersonneSirenisee) -> Fermeture | None:
        """Return why this service cannot be opened for this personne, None when it can (domaine.md §2.3)."""
        if personne.categorie not in self.categories:
            return Fermeture.NON_OUVERT
        gestionnaire = personne.service_gestionnaire
        if self.reserve_dge and gestionnaire.type != gestionnaire.Type.DGE:
            return Fermeture.RESERVE_DGE
        return None


class RetraitService(models.Model):
    """The retirement of one service: until which day it serves, and how far those who hold it have been told.

    Nothing closes before the last of them has his mail; undone (`annule_le`), those who were told are told of that.
    """

    service = models.ForeignKey(Service, models.PROTECT, related_name="retraits", db_index=False)
    decide_le = models.DateTimeField("décidé le")
    ferme_le = models.DateField("dernier jour")
    annule_le = models.DateTimeField("annulé le", null=True, blank=True)
    annonce_le = models.DateTimeField("annoncé à tous le", null=True, blank=True)
    # The last one who was told: the announcement goes by batches, in the order of the keys.
    annonce_jusqu_a = models.UUIDField(null=True, blank=True, editable=False)
    execute_le = models.DateTimeField("services fermés le", null=True, blank=True)

    class Meta:
        verbose_name = "retrait d’un service"
        verbose_name_plural = "retraits de services"
        constraints = [
            models.UniqueConstraint(
                fields=["service"],
                condition=Q(annule_le__isnull=True),
                name="retrait_service_un_seul",
                violation_error_message="Le retrait de ce service est déjà décidé.",
            ),
            models.CheckConstraint(
                condition=Q(execute_le__isnull=True) | Q(annonce_le__isnull=False, annule_le__isnull=True),
                name="retrait_service_annonce_avant",
                violation_error_message="Un service ne ferme qu’une fois tous ceux qui s’en servent prévenus.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.service}, jusqu’au {self.ferme_le}"
