"""What a holder asks an agent to correct, and the answer (CGU §4.b; RGPD art. 12 and 16)."""

import uuid
from datetime import datetime, timedelta
from typing import Final

from django.db import models
from django.db.models import Q
from django.utils import timezone

from ..saisies.dates import jour
from .agent import Agent, ServiceGestionnaire
from .espace import Espace

DELAI_DE_REPONSE: Final = timedelta(days=30)  # RGPD art. 12.3: one month


class Rectification(models.Model):
    """One request to correct what the holder cannot, followed by both sides until it is answered."""

    class Objet(models.TextChoices):
        """What the holder cannot change alone."""

        NUMERO_ABONNE = "NUMERO_ABONNE", "votre numéro d’abonné ou les dates de votre espace"
        HABILITATIONS = "HABILITATIONS", "vos habilitations, vos demandes ou vos mandats"
        ENTREPRISE = "ENTREPRISE", "la dénomination, l’adresse ou le représentant légal d’une personne"
        CONNEXIONS = "CONNEXIONS", "une connexion ou un acte que je ne reconnais pas"
        AUTRE = "AUTRE", "autre chose"

    class Etat(models.TextChoices):
        DEPOSEE = "DEPOSEE", "déposée"
        FAITE = "FAITE", "rectification faite"
        REFUSEE = "REFUSEE", "refusée"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    espace = models.ForeignKey(Espace, models.PROTECT, related_name="rectifications", db_index=False)
    service_gestionnaire = models.ForeignKey(
        ServiceGestionnaire, models.PROTECT, related_name="rectifications", verbose_name="service gestionnaire"
    )
    objet = models.CharField("ce qui est à corriger", max_length=14, choices=Objet)
    texte = models.CharField("demande", max_length=1000, blank=True)
    etat = models.CharField("état", max_length=8, choices=Etat, default=Etat.DEPOSEE)
    deposee_le = models.DateTimeField("déposée le", default=timezone.now)
    traitee_le = models.DateTimeField("répondue le", null=True, blank=True)
    reponse = models.CharField("réponse", max_length=1000, blank=True)
    agent = models.ForeignKey(Agent, models.PROTECT, null=True, blank=True, related_name="+", db_index=False)

    class Meta:
        verbose_name = "demande de rectification"
        verbose_name_plural = "demandes de rectification"
        ordering = ["-deposee_le"]
        constraints = [
            models.CheckConstraint(
                condition=Q(etat="DEPOSEE", traitee_le__isnull=True, agent__isnull=True)
                | (~Q(etat="DEPOSEE") & Q(traitee_le__isnull=False, agent__isnull=False)),
                name="rectification_repondue",
                violation_error_message="Une demande répondue porte la date et l’agent, une autre n’en porte pas.",
            )
        ]
        indexes = [
            models.Index(fields=["espace", "-deposee_le"], name="rectification_de_l_espace"),
            models.Index(fields=["traitee_le"], condition=~Q(texte="", reponse=""), name="rectification_a_vider"),
        ]

    @property
    def objet_pour_l_agent(self) -> str:
        """What is to correct, for who reads it of somebody else: the choices speak to the person who asks."""
        return {
            self.Objet.NUMERO_ABONNE.value: "son numéro d’abonné ou les dates de son espace",
            self.Objet.HABILITATIONS.value: "ses habilitations, ses demandes ou ses mandats",
            self.Objet.CONNEXIONS.value: "une connexion ou un acte que la personne ne reconnaît pas",
        }.get(self.objet, self.get_objet_display())

    @property
    def echeance(self) -> datetime:
        """By when the holder is to be answered."""
        return self.deposee_le + DELAI_DE_REPONSE

    def __str__(self) -> str:
        return f"rectification demandée le {jour(self.deposee_le)}"
