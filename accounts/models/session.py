"""The sessions that are open, the browsers an account knows, and the guesses counted at sign-in."""

import uuid
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.utils import timezone

from ..saisies.dates import horodatage, jour
from .compte import Compte


class SessionQuerySet(models.QuerySet["Session"]):
    def vivantes(self, compte: Compte, maintenant: datetime | None = None) -> "SessionQuerySet":
        """The sessions of this account that a next request would still find open, the last used first."""
        maintenant = maintenant or timezone.now()
        return self.filter(
            compte=compte, expire_date__gt=maintenant, dernier_usage__gt=maintenant - settings.SESSION_INACTIVITE
        ).order_by("-dernier_usage", "numero")


class Session(AbstractBaseSession):
    """One session. `session_key` holds the SHA-256 of the key that the browser has: a stolen table opens nothing."""

    session_key = models.CharField(max_length=64, primary_key=True)
    numero = models.UUIDField(unique=True, editable=False)
    compte = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="sessions")
    ouverte_le = models.DateTimeField("ouverte le", default=timezone.now)
    dernier_usage = models.DateTimeField("dernier usage", default=timezone.now)
    adresse_ip = models.GenericIPAddressField("adresse IP", null=True)
    pays = models.CharField("pays", max_length=2, blank=True)
    navigateur = models.CharField("navigateur", max_length=60, blank=True)
    systeme = models.CharField("système", max_length=60, blank=True)
    appareil = models.CharField("appareil", max_length=60, blank=True)
    # Written by who watches (surveillance/verification/), read with the row: no save of the session itself touches them.
    verification = models.UUIDField("vérification attendue", null=True, editable=False)
    verifiee_le = models.DateTimeField("vérifiée le", null=True, editable=False)

    objects = SessionQuerySet.as_manager()  # type: ignore[assignment,misc]  # the store needs no manager of Django's

    class Meta:
        verbose_name = "session"  # no index holds `dernier_usage`: each use of a session stays in its page (HOT)

    def __str__(self) -> str:
        return f"session ouverte le {horodatage(self.ouverte_le)}"

    @classmethod
    def get_session_store_class(cls) -> type[Any]:
        from .sessions_base import SessionStore

        return SessionStore


class NavigateurConnu(models.Model):
    """A browser that has already signed in to this account; its cookie carries a secret kept here as SHA-256."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    compte = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="navigateurs")
    empreinte = models.CharField(max_length=64)
    connu_depuis = models.DateTimeField("connu depuis", default=timezone.now)
    dernier_usage = models.DateTimeField("dernier usage", default=timezone.now)
    navigateur = models.CharField("navigateur", max_length=60, blank=True)
    systeme = models.CharField("système", max_length=60, blank=True)

    class Meta:
        verbose_name = "navigateur connu"
        verbose_name_plural = "navigateurs connus"
        ordering = ["-dernier_usage"]

    def __str__(self) -> str:
        return f"{self.navigateur} connu depuis le {jour(self.connu_depuis)}"


class EssaiConnexion(models.Model):
    """One wrong guess (or one under way), counted under keyed hashes: of the address tried, a browser or a network.

    So are counted what visitors ask (accounts/compteurs/plafonds.py).
    """

    cle = models.CharField(max_length=64)
    quand = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = "essai de connexion"
        verbose_name_plural = "essais de connexion"
        indexes = [models.Index(fields=["cle", "-quand"]), models.Index(fields=["quand"])]

    def __str__(self) -> str:
        return f"essai du {horodatage(self.quand)}"
