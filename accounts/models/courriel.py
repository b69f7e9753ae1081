"""The mail outbox."""

import uuid
from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils import timezone

from .agent import ServiceGestionnaire
from .envoi import Envoi, EnvoiQuerySet
from .espace import Espace, Lien


class CourrielQuerySet(EnvoiQuerySet["Courriel"]):
    def en_attente(self) -> "CourrielQuerySet":
        return self.filter(attente__isnull=False)

    def a_prendre(self, maintenant: datetime) -> "CourrielQuerySet":
        """Those that a relay may take now, by the queue: the millions that have left are not looked at."""
        dues = super().a_prendre(maintenant).filter(attente__prochain_essai_le__lte=maintenant)
        return dues.order_by("attente__prochain_essai_le")  # type: ignore[return-value]

    def a_livrer(self) -> "CourrielQuerySet":
        return self.select_related("espace", "lien")


class Courriel(Envoi):
    """A mail to send: what it is about and to whom. Its text is made when it leaves, so no secret rests here.

    No index holds what its delivery changes, so its row stays in its page (HOT): that it waits stands in its own table.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    genre = models.CharField("genre", max_length=60)
    destinataire = models.EmailField("destinataire", max_length=254)
    acte = models.CharField("acte", max_length=120, help_text="Ce dont parle le courriel : un seul par destinataire.")
    espace = models.ForeignKey(Espace, models.SET_NULL, null=True, blank=True, related_name="courriels")
    lien = models.ForeignKey(Lien, models.CASCADE, null=True, blank=True, related_name="courriels")
    contexte = models.JSONField("contexte", default=dict, blank=True)
    cree_le = models.DateTimeField("créé le", default=timezone.now)

    objects = CourrielQuerySet.as_manager()

    class Meta:
        verbose_name = "courriel"
        ordering = ["-cree_le"]
        constraints = [
            models.UniqueConstraint(
                fields=["acte", "destinataire"],
                name="courriel_un_par_acte",
                violation_error_message="Ce courriel est déjà parti ou va partir.",
            )
        ]
        indexes = [
            models.Index(fields=["cree_le"], condition=~Q(contexte={}), name="courriel_a_vider"),
            models.Index(fields=["cree_le"], condition=Q(genre="espace_supprime"), name="courriel_recu_a_effacer"),
            models.Index(fields=["cree_le"], condition=Q(ecarte_le__isnull=False), name="courriel_ecarte"),
            models.Index(fields=["cree_le"], name="courriel_age"),
            models.Index(fields=["destinataire"], name="courriel_de_l_adresse"),
        ]

    def __str__(self) -> str:
        return f"{self.genre} à {self.destinataire}"


class CourrielEnAttente(models.Model):
    """Queue of the mails that wait: triggers of accounts_courriel write it, in the transaction of the mail itself."""

    courriel = models.OneToOneField(Courriel, models.DO_NOTHING, primary_key=True, related_name="attente")
    prochain_essai_le = models.DateTimeField()

    class Meta:
        verbose_name = "courriel en attente"
        verbose_name_plural = "courriels en attente"
        indexes = [models.Index(fields=["prochain_essai_le"], name="courriel_a_envoyer")]

    def __str__(self) -> str:
        return str(self.courriel_id)


class CourrielDeCote(models.Model):
    """A mail that was set aside, for one office that sees its espace: triggers of accounts_courriel write it (activation/0013).

    Of an espace that touched the office when it was set aside, or whose company came to it since; older mails of an espace
    that touches it later are not its business.
    """

    courriel = models.ForeignKey(Courriel, models.DO_NOTHING, related_name="bureaux", db_index=False)
    service_gestionnaire = models.ForeignKey(ServiceGestionnaire, models.CASCADE, related_name="+", db_index=False)
    cree_le = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = "courriel mis de côté, d’un service"
        verbose_name_plural = "courriels mis de côté, par service"
        constraints = [
            models.UniqueConstraint(
                fields=["courriel", "service_gestionnaire"],
                name="courriel_de_cote_une_fois",
                violation_error_message="Ce courriel est déjà parmi ceux du service.",
            )
        ]
        indexes = [
            models.Index(fields=["service_gestionnaire", "-cree_le", "courriel"], name="courriel_de_cote_du_bureau"),
        ]

    def __str__(self) -> str:
        return str(self.courriel_id)
