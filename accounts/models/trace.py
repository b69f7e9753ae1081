"""The traces of reading: who looked at what, and when to the minute."""

from django.db import models

from ..saisies.dates import horodatage


class TraceLecture(models.Model):
    """One reading, once per reader, thing read and minute. Plain codes, no foreign key: it outlives what it names.

    Written by `accounts.traces.lire` alone. A trigger refuses UPDATE; rows leave by the purge (R24, CNIL 2021-122).
    """

    class Nature(models.TextChoices):
        CONSULTATION = "CONSULTATION", "Page consultée"
        LISTE = "LISTE", "Liste ou recherche"
        HISTORIQUE = "HISTORIQUE", "Historique consulté"

    id = models.BigAutoField(primary_key=True)
    minute = models.DateTimeField("quand", help_text="À la minute")
    lecteur = models.CharField("lecteur", max_length=80, help_text="Numéro d’abonné, « agent:… » ou « anonyme »")
    bureau = models.CharField("service gestionnaire du lecteur", max_length=20, blank=True)
    nature = models.CharField("nature", max_length=12, choices=Nature)
    objet = models.CharField("ce qui a été lu", max_length=80, help_text="Modèle ou page")
    cle = models.CharField("clé", max_length=80, blank=True)
    details = models.JSONField("détails", default=dict, help_text="Page, filtres, empreinte de la recherche")
    adresse_ip = models.GenericIPAddressField("adresse IP", null=True, blank=True)

    class Meta:
        verbose_name = "trace de lecture"
        verbose_name_plural = "traces de lecture"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["lecteur", "objet", "cle", "nature", "minute"], name="trace_une_par_minute"
            ),
        ]
        indexes = [
            models.Index(fields=["minute"]),
            models.Index(fields=["bureau", "-id"]),
            # What an espace opened last, for its home page. A trace is written once and never changed.
            models.Index(fields=["lecteur", "-minute"], name="trace_derniere"),
        ]

    def __str__(self) -> str:
        return f"Lecture du {horodatage(self.minute)}"
