"""A request that a posted code will make effective."""

import uuid
from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import Espace
from accounts.saisies.adresses import LONGUEUR_ADRESSE_ENTREPRISE
from services.models import PersonneSirenisee, Service


class DemandeQuerySet(models.QuerySet["Demande"]):
    def en_cours(self) -> "DemandeQuerySet":
        """Still waiting for its letter or its code."""
        return self.filter(etat__in=Demande.ETATS_EN_COURS)

    def adresse_a_confirmer(self) -> "DemandeQuerySet":
        """Still waiting for whoever reads the company's new mailbox to answer its link (R21)."""
        return self.en_cours().filter(nature=Demande.Nature.COURRIEL_PERSONNE, adresse_confirmee_le=None)

    def attendant_un_code(self) -> "DemandeQuerySet":
        """Still waiting for its letter or its code, and for nothing else."""
        return self.en_cours().exclude(nature=Demande.Nature.COURRIEL_PERSONNE, adresse_confirmee_le=None)

    def visibles_par(self, espace: Espace) -> "DemandeQuerySet":
        return self.filter(espace=espace)


class Demande(models.Model):
    """Creation simplifiée, adhésion, substitution or change of company e-mail (R7, CGU §2.3, §4.e)."""

    class Nature(models.TextChoices):
        CREATION_SIMPLIFIEE = "CREATION_SIMPLIFIEE", "création d’un espace simplifié"
        ADHESION = "ADHESION", "adhésion à des services"
        SUBSTITUTION = "SUBSTITUTION", "substitution du titulaire"
        COURRIEL_PERSONNE = "COURRIEL_PERSONNE", "changement d’adresse électronique de l’entreprise"

    class Qualite(models.TextChoices):
        REPRESENTANT_LEGAL = "REPRESENTANT_LEGAL", "représentant légal"
        MANDATAIRE = "MANDATAIRE", "personne mandatée"

    class Etat(models.TextChoices):
        DEPOSEE = "DEPOSEE", "déposée"
        CODE_ENVOYE = "CODE_ENVOYE", "code envoyé"
        ACTIVEE = "ACTIVEE", "activée"
        EXPIREE = "EXPIREE", "expirée"
        ANNULEE = "ANNULEE", "annulée"
        REFUSEE = "REFUSEE", "refusée"

    ETATS_EN_COURS = (Etat.DEPOSEE, Etat.CODE_ENVOYE)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    reference = models.CharField("référence", max_length=20, unique=True)
    nature = models.CharField("nature", max_length=19, choices=Nature)
    espace = models.ForeignKey(Espace, models.PROTECT, related_name="demandes", db_index=False)
    personne = models.ForeignKey(PersonneSirenisee, models.PROTECT, related_name="demandes")
    services = models.ManyToManyField(Service, through="LigneDemande", related_name="demandes")
    qualite = models.CharField("qualité du demandeur", max_length=18, choices=Qualite)
    nouvelle_adresse = models.EmailField(
        "nouvelle adresse de l’entreprise", max_length=LONGUEUR_ADRESSE_ENTREPRISE, blank=True
    )
    adresse_confirmee_le = models.DateTimeField("nouvelle adresse confirmée le", null=True, blank=True)
    lot = models.UUIDField("lot", null=True, blank=True, help_text="Demandes déposées ensemble (substitution groupée).")
    etat = models.CharField("état", max_length=11, choices=Etat, default=Etat.DEPOSEE)
    deposee_le = models.DateTimeField("déposée le", default=timezone.now)
    terminee_le = models.DateTimeField("terminée le", null=True, blank=True)
    motif_refus = models.CharField("motif du refus", max_length=300, blank=True)

    objects = DemandeQuerySet.as_manager()

    class Meta:
        verbose_name = "demande"
        ordering = ["-deposee_le"]
        constraints = [
            models.CheckConstraint(
                condition=Q(etat__in=["DEPOSEE", "CODE_ENVOYE"], terminee_le__isnull=True)
                | Q(etat__in=["ACTIVEE", "EXPIREE", "ANNULEE", "REFUSEE"], terminee_le__isnull=False),
                name="demande_terminee",
                violation_error_message="Une demande terminée porte une date, une demande en cours n’en porte pas.",
            ),
            models.CheckConstraint(
                condition=(Q(nature="COURRIEL_PERSONNE") & ~Q(nouvelle_adresse=""))
                | (~Q(nature="COURRIEL_PERSONNE") & Q(nouvelle_adresse="")),
                name="demande_nouvelle_adresse",
                violation_error_message="Seul un changement d’adresse de l’entreprise porte une nouvelle adresse.",
            ),
            models.CheckConstraint(
                condition=Q(nature="COURRIEL_PERSONNE") | Q(adresse_confirmee_le__isnull=True),
                name="demande_adresse_confirmee",
                violation_error_message="Seule la nouvelle adresse d’une entreprise est confirmée par un lien.",
            ),
            models.CheckConstraint(
                condition=(Q(etat="REFUSEE") & ~Q(motif_refus="")) | (~Q(etat="REFUSEE") & Q(motif_refus="")),
                name="demande_refusee_avec_motif",
                violation_error_message="Une demande refusée porte un motif, les autres n’en portent pas.",
            ),
            models.UniqueConstraint(
                fields=["espace", "personne", "nature"],
                condition=Q(etat__in=["DEPOSEE", "CODE_ENVOYE"]),
                name="demande_une_par_espace",
                violation_error_message="Vous avez déjà une demande de cette nature en cours pour ce SIREN.",
            ),
        ]
        indexes = [
            models.Index(fields=["espace", "-deposee_le"]),
            models.Index(fields=["-deposee_le", "id"], name="demande_par_date"),
            models.Index(fields=["etat", "-deposee_le", "id"], name="demande_par_etat"),
            models.Index(
                fields=["deposee_le"],
                condition=Q(nature="COURRIEL_PERSONNE", adresse_confirmee_le__isnull=True, terminee_le__isnull=True),
                name="demande_adresse_attendue",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reference} : {self.get_nature_display()}"

    @property
    def est_en_cours(self) -> bool:
        return self.etat in self.ETATS_EN_COURS

    @property
    def adresse_a_confirmer(self) -> bool:
        """Whether it waits for the link sent to the company's new address: no code is awaited before (R21)."""
        return self.est_en_cours and self.nature == self.Nature.COURRIEL_PERSONNE and self.adresse_confirmee_le is None

    def suspendue_jusqu_au(self, maintenant: datetime) -> datetime | None:
        """Return until when its code is suspended, since the company does not recognise it; None when it is not."""
        suspensif = self.signalements.suspensifs(maintenant).first()
        return suspensif.suspend_jusqu_au if suspensif else None


class LigneDemande(models.Model):
    """One service of a demande, and what became of it when the code was entered."""

    class Resultat(models.TextChoices):
        EN_ATTENTE = "EN_ATTENTE", "en attente du code"
        OUVERT = "OUVERT", "ouvert"
        DEJA_OUVERT = "DEJA_OUVERT", "attribué entre-temps à un autre espace"

    demande = models.ForeignKey(Demande, models.CASCADE, related_name="lignes", db_index=False)
    service = models.ForeignKey(Service, models.PROTECT, related_name="+")
    resultat = models.CharField("résultat", max_length=11, choices=Resultat, default=Resultat.EN_ATTENTE)

    class Meta:
        verbose_name = "service demandé"
        verbose_name_plural = "services demandés"
        ordering = ["service__ordre"]
        constraints = [
            models.UniqueConstraint(
                fields=["demande", "service"],
                name="ligne_service_unique",
                violation_error_message="Ce service est déjà dans la demande.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.service} ({self.get_resultat_display()})"
