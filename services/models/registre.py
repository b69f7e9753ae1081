"""What the register says over time: who represents a personne, what happened to it, which identifier it had before."""

from typing import Final

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import Agent

from .personne import PersonneSirenisee

PREUVE_LONGUEUR: Final = 500


class RepresentantLegal(models.Model):
    """Who may bind a personne, as somebody established it at a date; the last one not ended is on record (design.md §4 R8).

    INSEE names natural persons only, who represent themselves; for a société a documented file says it, or an agent
    who saw a proof. A représentant without prénoms is itself a company: no reader is ever taken for it.
    """

    class Source(models.TextChoices):
        INSEE = "INSEE", "INSEE (entrepreneur individuel)"
        FICHIER = "FICHIER", "fichier des représentants légaux"
        AGENT = "AGENT", "constat d’un agent"

    personne = models.ForeignKey(PersonneSirenisee, models.PROTECT, related_name="representants")
    nom = models.CharField("nom", max_length=160)
    prenoms = models.CharField("prénoms", max_length=160, blank=True)
    qualite = models.CharField("qualité", max_length=80, blank=True)
    depuis_le = models.DateField("depuis le", null=True, blank=True)
    source = models.CharField("source", max_length=7, choices=Source)
    etabli_le = models.DateTimeField("établi le", default=timezone.now)
    agent = models.ForeignKey(Agent, models.PROTECT, null=True, blank=True, related_name="representants_constates")
    preuve = models.CharField("preuve vue", max_length=PREUVE_LONGUEUR, blank=True)
    fin_le = models.DateTimeField("remplacé le", null=True, blank=True)

    class Meta:
        verbose_name = "représentant légal"
        verbose_name_plural = "représentants légaux"
        ordering = ["-etabli_le", "-pk"]
        indexes = [
            models.Index(fields=["fin_le"], condition=Q(fin_le__isnull=False), name="representant_a_effacer"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["personne"],
                condition=Q(fin_le__isnull=True),
                name="representant_un_en_exercice",
                violation_error_message="Cette personne a déjà un représentant légal enregistré.",
            ),
            models.CheckConstraint(
                condition=(Q(source="AGENT", agent__isnull=False) & ~Q(preuve=""))
                | (~Q(source="AGENT") & Q(agent__isnull=True, preuve="")),
                name="representant_constate_avec_preuve",
                violation_error_message="Le constat d’un agent porte la preuve qu’il a vue.",
            ),
        ]

    def __str__(self) -> str:
        return self.nom_complet

    @property
    def nom_complet(self) -> str:
        return f"{self.prenoms} {self.nom}".strip()


class EvenementRegistre(models.Model):
    """Something that the register now says of a personne that was known, and that the floors above must hear of.

    Written with the change itself; `services.registre.suivi` tells it, once, in batches.
    """

    class Genre(models.TextChoices):
        CESSATION = "CESSATION", "cessation"
        REOUVERTURE = "REOUVERTURE", "réouverture"
        REPRESENTANT = "REPRESENTANT", "nouveau représentant légal"

    personne = models.ForeignKey(PersonneSirenisee, models.PROTECT, related_name="evenements_registre")
    genre = models.CharField("genre", max_length=12, choices=Genre)
    constate_le = models.DateTimeField("constaté le", default=timezone.now)
    traite_le = models.DateTimeField("traité le", null=True, blank=True)

    class Meta:
        verbose_name = "événement du registre"
        verbose_name_plural = "événements du registre"
        ordering = ["pk"]
        indexes = [
            models.Index(fields=["id"], condition=Q(traite_le__isnull=True), name="evenement_registre_attendu"),
        ]

    def __str__(self) -> str:
        return f"{self.get_genre_display()} : {self.personne_id}"


class IdentifiantRemplace(models.Model):
    """An IDSP that became a SIREN: whoever still types it finds the personne, and the journal of before is read with it."""

    identifiant = models.CharField("identifiant provisoire", max_length=9, unique=True)
    personne = models.ForeignKey(PersonneSirenisee, models.PROTECT, related_name="identifiants_remplaces")
    remplace_le = models.DateTimeField("remplacé le", default=timezone.now)

    class Meta:
        verbose_name = "identifiant remplacé"
        verbose_name_plural = "identifiants remplacés"

    def __str__(self) -> str:
        return self.identifiant
