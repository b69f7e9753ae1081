"""When one is told by mail that a message waits in a mailbox."""

from django.db import models
from django.db.models import Q

from accounts.models import Envoi, Espace
from accounts.models.envoi import EnvoiQuerySet

from .messagerie import Message
from .personne import PersonneSirenisee


class PreferenceMessagerie(models.Model):
    """How soon an espace is told of the messages of one mailbox; without `personne`, of all that have no choice of their own."""

    class Rythme(models.TextChoices):
        IMMEDIAT = "IMMEDIAT", "Aussitôt, un courriel par message"
        QUOTIDIEN = "QUOTIDIEN", "Une fois par jour, le matin, en un seul courriel"

    espace = models.ForeignKey(Espace, models.CASCADE, related_name="preferences_messagerie", db_index=False)
    personne = models.ForeignKey(PersonneSirenisee, models.CASCADE, null=True, blank=True, related_name="+")
    rythme = models.CharField("rythme des avis", max_length=9, choices=Rythme)

    class Meta:
        verbose_name = "préférence d’avis de messagerie"
        verbose_name_plural = "préférences d’avis de messagerie"
        constraints = [
            models.UniqueConstraint(
                fields=["espace", "personne"],
                nulls_distinct=False,
                name="preference_messagerie_unique",
                violation_error_message="Ce choix est déjà fait pour cette messagerie.",
            )
        ]

    def __str__(self) -> str:
        return self.get_rythme_display()


class AvisDeMessage(Envoi):
    """Whoever reads a mailbox is to be told of this message: the worker finds out who and writes the mails.

    So the act that makes a message arrive writes one row, however many read it, and waits for none of them.
    """

    message = models.OneToOneField(Message, models.CASCADE, primary_key=True, related_name="avis")

    objects = EnvoiQuerySet.as_manager()

    class Meta:
        verbose_name = "avis de message"
        verbose_name_plural = "avis de message"
        indexes = [
            models.Index(
                fields=["prochain_essai_le"],
                condition=Q(traite_le__isnull=True, ecarte_le__isnull=True),
                name="avis_message_a_ecrire",
            ),
            models.Index(fields=["traite_le"], name="avis_message_traite"),
        ]

    def __str__(self) -> str:
        return f"avis du {self.message}"
