"""What waits for an agent, whatever it is, in one table: the queues of /gestion/."""

from django.db import models
from django.db.models import Q

from ..saisies.dates import jour
from .agent import Agent, ServiceGestionnaire
from .espace import Espace


class Affaire(models.Model):
    """One thing that waits, or waited, in one queue: what it is stays in its own table, under `cle`.

    Written by the triggers of the tables that wait (`faire_attendre`, `ne_plus_attendre`: accounts/0014), in the transaction of
    whatever act or job changes them, so that no act can forget it; the claim alone is an act (accounts/gestion/affaires.py).
    """

    id = models.BigAutoField(primary_key=True)
    file = models.CharField("file", max_length=20, help_text="Code de la file, déclarée par son application")
    cle = models.CharField("clé de ce qui attend", max_length=40)
    # Nobody's office: the surveillance cell's.
    service_gestionnaire = models.ForeignKey(
        ServiceGestionnaire, models.CASCADE, null=True, blank=True, related_name="+", db_index=False
    )
    # The key of the personne it is about, which this floor does not know: the affaire follows it to another office.
    personne = models.BigIntegerField("personne sirénisée", null=True, blank=True)
    espace = models.ForeignKey(Espace, models.CASCADE, null=True, blank=True, related_name="+", db_index=False)
    depuis = models.DateTimeField("attend depuis le")
    agent = models.ForeignKey(
        Agent, models.PROTECT, null=True, blank=True, related_name="affaires", verbose_name="prise par", db_index=False
    )
    prise_le = models.DateTimeField("prise le", null=True, blank=True)
    finie_le = models.DateTimeField("finie le", null=True, blank=True)

    class Meta:
        verbose_name = "affaire à traiter"
        verbose_name_plural = "affaires à traiter"
        ordering = ["depuis", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["file", "cle"],
                condition=Q(finie_le__isnull=True),
                name="affaire_attend_une_fois",
                violation_error_message="Cette affaire attend déjà.",
            ),
            models.CheckConstraint(
                condition=Q(agent__isnull=True, prise_le__isnull=True) | Q(agent__isnull=False, prise_le__isnull=False),
                name="affaire_prise_avec_date",
                violation_error_message="Une affaire prise porte sa date.",
            ),
        ]
        indexes = [
            models.Index(
                fields=["service_gestionnaire", "file", "depuis"],
                condition=Q(finie_le__isnull=True),
                name="affaire_en_attente",
            ),
            models.Index(
                fields=["service_gestionnaire", "finie_le"],
                condition=Q(finie_le__isnull=False),
                name="affaire_finie",
            ),
            models.Index(
                fields=["personne"],
                condition=Q(finie_le__isnull=True, personne__isnull=False),
                name="affaire_de_personne",
            ),
            models.Index(fields=["espace"], condition=Q(espace__isnull=False), name="affaire_d_espace"),
            models.Index(fields=["finie_le"], condition=Q(finie_le__isnull=False), name="affaire_a_effacer"),
        ]

    def __str__(self) -> str:
        return f"{self.file} du {jour(self.depuis)}"
