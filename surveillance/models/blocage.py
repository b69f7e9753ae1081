"""Blocked source addresses (R17, CGU §3.7.b): the address is blocked, never the espace."""

import ipaddress
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone

from accounts.models import Agent


class ReseauField(models.Field):
    """PostgreSQL `cidr`: a network in CIDR notation, `203.0.113.0/24` or `2001:db8::/64`."""

    description = "réseau (CIDR)"

    def db_type(self, connection: Any) -> str:
        return "cidr"

    def from_db_value(self, value: Any, *args: Any) -> str | None:
        return None if value is None else str(value)

    def to_python(self, value: Any) -> str | None:
        if value in (None, ""):
            return None
        try:
            return str(ipaddress.ip_network(str(value).strip()))
        except ValueError as erreur:
            raise ValidationError("Écrivez un réseau : 203.0.113.0/24, ou une adresse seule.") from erreur

    def get_prep_value(self, value: Any) -> str | None:
        return self.to_python(super().get_prep_value(value))


class BlocageIP(models.Model):
    """A network refused for a time, with its reason; an agent or an operator can lift it."""

    reseau = ReseauField("réseau")
    motif = models.CharField("motif", max_length=200)
    agent = models.ForeignKey(
        Agent, models.PROTECT, null=True, blank=True, verbose_name="par", related_name="blocages", editable=False
    )  # empty: by the exploitation
    bloque_le = models.DateTimeField("bloqué le", default=timezone.now)
    jusqu_a = models.DateTimeField("jusqu’à", null=True, blank=True, help_text="Vide : jusqu’à décision d’un agent.")
    leve_le = models.DateTimeField("levé le", null=True, blank=True)

    class Meta:
        verbose_name = "blocage d’adresse"
        verbose_name_plural = "blocages d’adresses"
        ordering = ["-bloque_le"]
        constraints = [
            models.UniqueConstraint(
                fields=["reseau"],
                condition=models.Q(leve_le__isnull=True),
                name="blocage_un_par_reseau",
                violation_error_message="Ce réseau est déjà bloqué.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.reseau_lisible} : {self.motif}"

    def est_en_vigueur(self, maintenant: datetime) -> bool:
        """Whether it is neither lifted nor at its end."""
        return self.leve_le is None and (self.jusqu_a is None or self.jusqu_a > maintenant)

    @property
    def leve_avant_sa_fin(self) -> bool:
        """Whether somebody lifted it: one that has come to its end is closed too, once its network is blocked again."""
        return self.leve_le is not None and (self.jusqu_a is None or self.leve_le < self.jusqu_a)

    @property
    def reseau_lisible(self) -> str:
        """The network as people write it: one IPv4 address alone, without its /32."""
        return str(self.reseau).removesuffix("/32")
