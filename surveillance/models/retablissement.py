"""An access given back at the counter (R16): which proof was seen, by whom, what was printed. No copy of any document."""

import uuid

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from accounts.models import Agent, Espace, ServiceGestionnaire
from accounts.saisies.dates import jour

from .desactivation import Desactivation


class Retablissement(models.Model):
    """Two agents have recognised the holder: his password is chosen again with the answer that a slip tells."""

    class Cas(models.TextChoices):
        DESACTIVE = "DESACTIVE", "espace désactivé par sécurité"
        SECOND_FACTEUR = "SECOND_FACTEUR", "second facteur et codes de secours perdus"
        PLI_PERIME = "PLI_PERIME", "pli perdu, ou périmé avant d’avoir servi"
        MOT_DE_PASSE = "MOT_DE_PASSE", "mot de passe bloqué, son détenteur ayant dit « ce n’est pas moi »"

    class Piece(models.TextChoices):
        """What proved who he is."""

        CARTE = "CARTE", "carte nationale d’identité"
        PASSEPORT = "PASSEPORT", "passeport"
        SEJOUR = "SEJOUR", "titre de séjour"
        PERMIS = "PERMIS", "permis de conduire"

    class Legitimite(models.TextChoices):
        """What proved that the espace is his, and that he acts for the company."""

        KBIS = "KBIS", "extrait Kbis ou avis de situation à son nom"
        MANDAT = "MANDAT", "mandat ou pouvoir signé du représentant légal"
        CONTRAT = "CONTRAT", "contrat de travail ou attestation de l’employeur"
        RECAPITULATIF = "RECAPITULATIF", "récapitulatif d’inscription de l’espace"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    espace = models.ForeignKey(Espace, models.PROTECT, related_name="retablissements")
    desactivation = models.ForeignKey(
        Desactivation, models.PROTECT, null=True, blank=True, related_name="retablissements"
    )
    cas = models.CharField("cas", max_length=14, choices=Cas)
    piece = models.CharField("pièce d’identité vue", max_length=9, choices=Piece)
    piece_derniers = models.CharField("derniers caractères de la pièce", max_length=4)
    legitimite = models.CharField("preuve de légitimité vue", max_length=13, choices=Legitimite)
    service_gestionnaire = models.ForeignKey(
        ServiceGestionnaire, models.PROTECT, related_name="+", verbose_name="service gestionnaire", db_index=False
    )
    demandeur = models.ForeignKey(Agent, models.PROTECT, related_name="+", verbose_name="reçu par", db_index=False)
    second = models.ForeignKey(Agent, models.PROTECT, related_name="+", verbose_name="contresigné par", db_index=False)
    adresse_donnee = models.BooleanField("une autre adresse de connexion a été donnée", default=False)
    accorde_le = models.DateTimeField("accordé le", default=timezone.now)
    plis = models.PositiveSmallIntegerField("plis imprimés", default=0)
    pli_le = models.DateTimeField("dernier pli imprimé le", null=True, blank=True)

    class Meta:
        verbose_name = "rétablissement d’un accès"
        verbose_name_plural = "rétablissements d’accès"
        ordering = ["-accorde_le"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(demandeur=F("second")),
                name="retablissement_par_deux_agents",
                violation_error_message="Un accès est rétabli par deux agents.",
            ),
            models.CheckConstraint(
                condition=Q(plis=0, pli_le__isnull=True) | Q(plis__gte=1, plis__lte=3, pli_le__isnull=False),
                name="retablissement_trois_plis",
                violation_error_message="Trois plis au plus par rétablissement.",
            ),
        ]
        indexes = [models.Index(fields=["service_gestionnaire", "-accorde_le"], name="retablissement_du_bureau")]

    def __str__(self) -> str:
        return f"rétablissement du {jour(self.accorde_le)}"
