"""The secure mailbox of a personne."""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone

from accounts.models import Espace
from accounts.saisies.dates import jour

from .personne import PersonneSirenisee


class Echange(models.Model):
    """A conversation between a personne and its service gestionnaire."""

    class Etat(models.TextChoices):
        ENVOYE = "ENVOYE", "envoyé"
        PRIS_EN_CHARGE = "PRIS_EN_CHARGE", "pris en charge"
        REPONDU = "REPONDU", "répondu"
        CLOS = "CLOS", "clos"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    personne = models.ForeignKey(PersonneSirenisee, models.PROTECT, related_name="echanges", db_index=False)
    objet = models.CharField("objet", max_length=160)
    etat = models.CharField("état", max_length=14, choices=Etat, default=Etat.ENVOYE)
    ouvert_le = models.DateTimeField("ouvert le", default=timezone.now)

    class Meta:
        verbose_name = "échange"
        ordering = ["-ouvert_le"]
        indexes = [models.Index(fields=["personne", "-ouvert_le"])]

    def __str__(self) -> str:
        return self.objet


class Message(models.Model):
    """One message of an exchange, written by an espace, by an agent, or by the portal itself (both empty)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    echange = models.ForeignKey(Echange, models.PROTECT, related_name="messages")
    espace = models.ForeignKey(Espace, models.PROTECT, null=True, blank=True, related_name="messages")
    agent = models.ForeignKey("accounts.Agent", models.PROTECT, null=True, blank=True, related_name="messages")
    texte = models.TextField("texte", max_length=20_000)
    envoye_le = models.DateTimeField("envoyé le", default=timezone.now)

    class Meta:
        verbose_name = "message"
        ordering = ["envoye_le"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(espace__isnull=True) | models.Q(agent__isnull=True),
                name="message_un_auteur",
                violation_error_message="Un message a un seul auteur.",
            )
        ]

    def __str__(self) -> str:
        return f"message du {jour(self.envoye_le)}"


class LectureMessage(models.Model):
    """A read receipt: who opened a message, and when."""

    message = models.ForeignKey(Message, models.CASCADE, related_name="lectures", db_index=False)
    lecteur = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    lu_le = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = "accusé de lecture"
        verbose_name_plural = "accusés de lecture"
        constraints = [
            models.UniqueConstraint(
                fields=["message", "lecteur"],
                name="lecture_unique",
                violation_error_message="Ce message est déjà marqué comme lu.",
            )
        ]

    def __str__(self) -> str:
        return f"lu le {jour(self.lu_le)}"


class PieceJointe(models.Model):
    """A file of a message, kept in the database with it: saved, purged and protected as one."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    message = models.ForeignKey(Message, models.CASCADE, related_name="pieces_jointes")
    nom = models.CharField("nom du fichier", max_length=120)
    type_mime = models.CharField("type", max_length=80)
    contenu = models.BinaryField()

    class Meta:
        verbose_name = "pièce jointe"
        verbose_name_plural = "pièces jointes"

    def __str__(self) -> str:
        return self.nom
