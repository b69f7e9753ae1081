"""The journal: one row per business act, and the blocks that seal it."""

from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.fields.json import KT
from django.utils import timezone

from ..saisies.dates import horodatage


class EvenementQuerySet(models.QuerySet["Evenement"]):
    def entre(self, debut: datetime, fin: datetime) -> "EvenementQuerySet":
        return self.filter(quand__gte=debut, quand__lt=fin)


class Evenement(models.Model):
    """One act. Plain codes, no foreign key: it outlives what it names. A trigger refuses UPDATE, DELETE, TRUNCATE."""

    id = models.BigAutoField(primary_key=True)
    quand = models.DateTimeField("quand", default=timezone.now, editable=False)
    acte = models.CharField("acte", max_length=60)
    auteur = models.CharField("auteur", max_length=80, help_text="Numéro d’abonné, « agent:… » ou « systeme:… »")
    espace = models.CharField("espace", max_length=14, blank=True)
    siren = models.CharField("SIREN", max_length=9, blank=True)
    service = models.CharField("service", max_length=20, blank=True)
    adresse_ip = models.GenericIPAddressField("adresse IP", null=True, blank=True)
    requete = models.CharField("requête", max_length=36, blank=True)
    details = models.JSONField("détails", default=dict)
    sceau = models.CharField("sceau", max_length=100, db_default="", editable=False)  # accounts/traces/sceau.py

    objects = EvenementQuerySet.as_manager()

    class Meta:
        verbose_name = "événement"
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["espace", "-id"]),
            models.Index(fields=["auteur", "-id"]),
            models.Index(fields=["siren", "-id"]),
            models.Index(fields=["acte", "-id"]),
            models.Index(fields=["auteur", "acte", "quand"], name="evenement_compte"),
            # Few among all: what an office gave away, and who held the access of whom.
            models.Index(
                KT("details__de"), F("id").desc(), condition=Q(details__has_key="de"), name="evenement_cession"
            ),
            models.Index(fields=["quand"], condition=Q(details__has_key="agent"), name="evenement_acces_agent"),
        ]

    def __str__(self) -> str:
        return f"Acte du {horodatage(self.quand)}"


class EvenementASceller(models.Model):
    """Queue of the sealing job, filled by a trigger in the act's own transaction: a late commit is never skipped."""

    evenement_id = models.BigIntegerField(primary_key=True)

    class Meta:
        verbose_name = "événement à sceller"
        verbose_name_plural = "événements à sceller"

    def __str__(self) -> str:
        return str(self.evenement_id)


class BlocScelle(models.Model):
    """A link of the chain: the hash of some lines and of the block before, and its seal (accounts/traces/scellement.py).

    A block of the first version is one keyed hash; in the second the hash is anybody's to compute, and the seal is keyed.
    """

    numero = models.BigIntegerField(primary_key=True)
    evenements = ArrayField(models.BigIntegerField())
    empreinte_precedente = models.CharField(max_length=64)
    empreinte = models.CharField(max_length=64)
    scelle_le = models.DateTimeField(default=timezone.now)
    version = models.PositiveSmallIntegerField(db_default=1)
    racine = models.CharField(max_length=64, blank=True, db_default="")
    sceau = models.CharField(max_length=80, blank=True, db_default="")

    class Meta:
        verbose_name = "bloc scellé"
        verbose_name_plural = "blocs scellés"
        ordering = ["numero"]

    def __str__(self) -> str:
        return f"bloc {self.numero}"


class Attestation(models.Model):
    """What the journal was one day, signed (accounts/traces/attestations.py). Append-only as the journal; it leaves the database."""

    numero = models.BigIntegerField(primary_key=True)
    faite_le = models.DateTimeField(default=timezone.now)
    contenu = models.TextField()
    """The very text that is signed: JSON."""
    signature = models.CharField(max_length=128)

    class Meta:
        verbose_name = "attestation du journal"
        verbose_name_plural = "attestations du journal"
        ordering = ["numero"]

    def __str__(self) -> str:
        return f"attestation {self.numero}"


class MoisAbandonne(models.Model):
    """Blocks whose lines were dropped at the end of their time, by the owner's role alone (accounts/donnees/abandon.py)."""

    numero = models.BigIntegerField(primary_key=True)
    mois = models.DateField()
    """Its first day; whatever older than its end was still there went with it."""
    premier_bloc = models.BigIntegerField()
    dernier_bloc = models.BigIntegerField()
    lignes = models.BigIntegerField()
    processus = models.JSONField(default=dict)
    """Of each process whose later lines stay, how many of its own went."""
    fait_le = models.DateTimeField(default=timezone.now)
    sceau = models.CharField(max_length=80)

    class Meta:
        verbose_name = "mois abandonné du journal"
        verbose_name_plural = "mois abandonnés du journal"
        ordering = ["numero"]

    def __str__(self) -> str:
        return f"mois abandonné {self.mois:%Y-%m}"
