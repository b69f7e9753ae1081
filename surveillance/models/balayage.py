"""How far the sweeps of the surveillance have read."""

from django.db import models
from django.utils import timezone


class Balayage(models.Model):
    """One row. Lost, it begins again an hour back; what it signals twice is written once (`signal_un_par_jour`)."""

    numero = models.PositiveSmallIntegerField(primary_key=True, default=1)
    vu_jusqu_a = models.DateTimeField("connexions lues jusqu’à")
    ligne = models.BigIntegerField("ligne du journal lue", default=0)
    """Up to it every line was read, and no transaction of it was still under way."""
    ligne_recente = models.BigIntegerField("dernière ligne du journal", default=0)
    recente_le = models.DateTimeField("vue le", default=timezone.now)

    class Meta:
        verbose_name = "balayage"

    def __str__(self) -> str:
        return f"balayage {self.numero}"
