"""The application that computes the codes of a second factor (TOTP, RFC 6238); its seed is encrypted."""

import secrets
import time
import uuid
from base64 import b32encode
from typing import Any
from urllib.parse import quote, urlencode

from django.conf import settings
from django.db import models
from django_otp.models import Device, TimestampMixin
from django_otp.oath import TOTP

from ..chiffrement import cle_courante, desceller, sceller

PAS = 30  # seconds
CHIFFRES = 6
TOLERANCE = 1  # steps before and after
GRAINE = 20  # bytes: the length of a SHA-1, as RFC 4226 §4 R6 asks


class ApplicationManager(models.Manager["Application"]):
    """What django-otp asks of the manager of a device; its own has no types."""

    def devices_for_user(self, user: Any, confirmed: bool | None = None) -> models.QuerySet["Application"]:
        siennes = self.filter(user=user)
        return siennes if confirmed is None else siennes.filter(confirmed=bool(confirmed))


class Application(TimestampMixin, Device):
    """django-otp's device, without its column of seeds in clear: a dump of the table gives no code (issue 9, item 11).

    Tries are counted by `accounts.facteurs.second_facteur`, not here.
    """

    numero = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    graine_chiffree = models.CharField("graine chiffrée", max_length=120, editable=False)
    dernier_pas = models.BigIntegerField("dernier code accepté (rang)", default=-1)
    derive = models.SmallIntegerField("décalage d’horloge", default=0)

    objects = ApplicationManager()

    class Meta:
        verbose_name = "application d’authentification"
        verbose_name_plural = "applications d’authentification"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Draw the seed of a new application."""
        if not self.graine_chiffree:
            self.sceller_graine(secrets.token_bytes(GRAINE))
        super().save(*args, **kwargs)

    @property
    def ligne(self) -> str:
        """What the seed is bound to: this row, and whose it is."""
        return ligne_de(self.numero, self.user_id)

    @property
    def bin_key(self) -> bytes:
        """The seed (django-otp's name). Raises: SecretIllisible."""
        return desceller(self.graine_chiffree, ligne=self.ligne)

    def sceller_graine(self, graine: bytes) -> None:
        """Encrypt the seed under the newest key; the caller saves."""
        self.graine_chiffree = sceller(graine, ligne=self.ligne)

    @property
    def a_rechiffrer(self) -> bool:
        return not self.graine_chiffree.startswith(f"{cle_courante()}.")

    @property
    def config_url(self) -> str:
        """The address that the QR code says (Key URI Format)."""
        editeur = settings.OTP_TOTP_ISSUER
        parametres = {
            "secret": b32encode(self.bin_key).decode(),
            "algorithm": "SHA1",
            "digits": CHIFFRES,
            "period": PAS,
        }
        nom = quote(f"{editeur}:{self.user.get_username()}")
        return f"otpauth://totp/{nom}?{urlencode(parametres)}&issuer={quote(editeur)}"

    def verify_token(self, token: str) -> bool:
        """Whether this is a code of now, later than the last one accepted; it is then the last. The row is locked."""
        totp = TOTP(self.bin_key, PAS, 0, CHIFFRES, self.derive)
        totp.time = time.time()
        if not (token.isascii() and token.isdigit() and totp.verify(int(token), TOLERANCE, self.dernier_pas + 1)):
            return False
        self.dernier_pas, self.derive = totp.t(), totp.drift
        self.set_last_used_timestamp(commit=False)
        self.save(update_fields=["dernier_pas", "derive", "last_used_at"])
        return True


def ligne_de(numero: uuid.UUID, compte: Any) -> str:
    """Return the associated data of the seed of this row and this account."""
    return f"accounts.application|{numero}|{compte}"
