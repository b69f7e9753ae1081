"""A grave act that one agent asks for and another one confirms (four eyes; issue 14, item 6)."""

import uuid

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from ..saisies.dates import jour
from .agent import Agent, ServiceGestionnaire
from .espace import Espace


class Contreseing(models.Model):
    """One grave act, asked for with its reason and the proof seen, until a second agent countersigns or refuses it.

    `genre` names the act (accounts/gestion/contreseings.py: its registry), `cle` what it is about, `parametres` what its
    pages say of the proof, in JSON. `a_la_cellule`: nobody else of the office can, or none did within a working day.
    """

    class Etat(models.TextChoices):
        DEMANDE = "DEMANDE", "à contresigner"
        CONTRESIGNE = "CONTRESIGNE", "contresigné"
        REFUSE = "REFUSE", "refusé"
        ABANDONNE = "ABANDONNE", "abandonné"
        EXPIRE = "EXPIRE", "expiré"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    genre = models.CharField("acte", max_length=20)
    cle = models.CharField("clé de ce qu’il vise", max_length=40)
    espace = models.ForeignKey(Espace, models.PROTECT, null=True, blank=True, related_name="contreseings")
    service_gestionnaire = models.ForeignKey(
        ServiceGestionnaire, models.PROTECT, related_name="contreseings", verbose_name="service gestionnaire"
    )
    motif = models.CharField("motif", max_length=500, blank=True)
    parametres = models.JSONField("précisions", default=dict, blank=True)
    demandeur = models.ForeignKey(Agent, models.PROTECT, related_name="+", verbose_name="demandé par", db_index=False)
    demande_le = models.DateTimeField("demandé le", default=timezone.now)
    avant_le = models.DateTimeField("second regard attendu avant le")
    a_la_cellule = models.BooleanField("revient à la cellule", default=False)
    etat = models.CharField("état", max_length=11, choices=Etat, default=Etat.DEMANDE)
    agent = models.ForeignKey(
        Agent, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="décidé par", db_index=False
    )
    decide_le = models.DateTimeField("décidé le", null=True, blank=True)
    reponse = models.CharField("réponse", max_length=500, blank=True)

    class Meta:
        verbose_name = "acte à contresigner"
        verbose_name_plural = "actes à contresigner"
        ordering = ["-demande_le"]
        constraints = [
            models.UniqueConstraint(
                fields=["genre", "cle"],
                condition=Q(etat="DEMANDE"),
                name="contreseing_attend_une_fois",
                violation_error_message="Cet acte attend déjà un second regard.",
            ),
            models.CheckConstraint(
                condition=Q(etat="DEMANDE", decide_le__isnull=True, agent__isnull=True)
                | (~Q(etat="DEMANDE") & Q(decide_le__isnull=False)),
                name="contreseing_decide",
                violation_error_message="Un acte décidé porte la date de la décision, un autre n’en porte pas.",
            ),
            models.CheckConstraint(
                condition=~Q(etat="CONTRESIGNE") | (Q(agent__isnull=False) & ~Q(agent=F("demandeur"))),
                name="contreseing_par_un_autre",
                violation_error_message="Un acte grave est contresigné par un autre agent que celui qui le demande.",
            ),
        ]
        indexes = [
            models.Index(fields=["avant_le"], condition=Q(etat="DEMANDE", a_la_cellule=False), name="contreseing_du"),
            models.Index(
                fields=["decide_le"], condition=~Q(motif="", parametres={}, reponse=""), name="contreseing_a_vider"
            ),
            models.Index(fields=["demandeur", "-demande_le"], name="contreseing_de_l_agent"),
        ]

    def __str__(self) -> str:
        return f"acte demandé le {jour(self.demande_le)}"
