"""How far the weekly reminder of the dates has gone."""

from django.db import models


class RappelHebdomadaire(models.Model):
    """One row a week: whose dates it tells, how far those who hold them have been written to, and when all were."""

    lundi = models.DateField("semaine du", primary_key=True)
    # The last one who was written to: the reminder goes by batches, in the order of the keys.
    jusqu_a = models.UUIDField(null=True, blank=True, editable=False)
    termine_le = models.DateTimeField("terminé le", null=True, blank=True)

    class Meta:
        verbose_name = "rappel hebdomadaire"
        verbose_name_plural = "rappels hebdomadaires"

    def __str__(self) -> str:
        return f"semaine du {self.lundi}"
