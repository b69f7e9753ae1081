"""What an operator publishes, is announced to everybody by mail, and then comes into force: CGU and password policies."""

import time
from datetime import datetime
from typing import Any, ClassVar, Final

from django.db import models
from django.db.models import F, Q

EN_MEMOIRE: Final = 30.0
"""Seconds for which a process believes what it has read: every request asks what is in force. A publication is announced
days before it is (accounts/envois/annonces.py), so none is seen late."""

_lues: dict[type[models.Model], tuple[float, list[Any]]] = {}


def oublier_publications() -> None:
    """Have this process read them again: one has just been published."""
    _lues.clear()


class Publication(models.Model):
    """One version: when it was published, announced to all, and when it comes into force."""

    publiee_le = models.DateTimeField("publiée le")
    en_vigueur_le = models.DateTimeField("en vigueur le")
    annoncee_le = models.DateTimeField("annoncée à tous le", null=True, blank=True)
    # The last one who was told: the announcement goes by batches, in the order of the keys.
    annoncee_jusqu_a = models.UUIDField(null=True, blank=True, editable=False)

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=Q(en_vigueur_le__gt=F("publiee_le")),
                name="%(class)s_annoncee_avant",
                violation_error_message="Une version entre en vigueur après sa publication.",
            )
        ]

    def est_en_vigueur(self, maintenant: datetime) -> bool:
        """Whether it is in force: never before the last mail that announces it is on its way."""
        return self.annoncee_le is not None and self.en_vigueur_le <= maintenant

    @classmethod
    def publiees[P: Publication](cls: type[P]) -> list[P]:
        """Return all of them, oldest first, as this process knows them."""
        quand, lues = _lues.get(cls, (0.0, None))
        if lues is None or time.monotonic() - quand > EN_MEMOIRE:
            lues = list(cls._default_manager.order_by("en_vigueur_le"))
            _lues[cls] = (time.monotonic(), lues)
        return list(lues)


class VersionCGU(Publication):
    """A version of the CGU: its text is templates/cgu/<numero>/, sealed here by its hash (CGU §1)."""

    numero = models.CharField("numéro", max_length=20, unique=True)
    empreinte = models.CharField("empreinte du texte", max_length=64)

    class Meta(Publication.Meta):
        verbose_name = "version des CGU"
        verbose_name_plural = "versions des CGU"

    def __str__(self) -> str:
        return self.numero


class PolitiqueMotDePasse(Publication):
    """A version of the password policy, harder than the one before (CGU §3.2.d)."""

    objects: ClassVar[models.Manager["PolitiqueMotDePasse"]] = models.Manager()

    version = models.PositiveSmallIntegerField("version", unique=True)
    longueur = models.PositiveSmallIntegerField("longueur minimale")
    niveau = models.PositiveSmallIntegerField("niveau minimal")

    class Meta(Publication.Meta):
        verbose_name = "politique de mot de passe"
        verbose_name_plural = "politiques de mot de passe"

    def __str__(self) -> str:
        return f"version {self.version}"
