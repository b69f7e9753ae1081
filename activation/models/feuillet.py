"""The PDF of a letter between its making and its handing over."""

from django.db import models

from .courrier import Courrier


class Feuillet(models.Model):
    """One PDF that waits for its batch, encrypted under a key that is not in the database (activation/courriers/feuillets.py)."""

    courrier = models.OneToOneField(Courrier, models.CASCADE, primary_key=True, related_name="feuillet")
    scelle = models.BinaryField("PDF chiffré", editable=False)

    class Meta:
        verbose_name = "PDF en attente de remise"
        verbose_name_plural = "PDF en attente de remise"

    def __str__(self) -> str:
        return str(self.courrier)
