"""The queue of the forgotten passwords."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone

from ..saisies.dates import horodatage
from .envoi import Envoi, EnvoiQuerySet


class DemandeOubli(Envoi):
    """Somebody typed this address on the page of the forgotten password. What becomes of it, the worker decides.

    So the page does the same work, and takes the same time, whether the address has an account or not.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    adresse = models.EmailField("adresse saisie", max_length=254)
    cree_le = models.DateTimeField("créée le", default=timezone.now)

    objects = EnvoiQuerySet.as_manager()

    class Meta:
        verbose_name = "demande de mot de passe oublié"
        verbose_name_plural = "demandes de mot de passe oublié"
        indexes = [
            models.Index(
                fields=["prochain_essai_le"],
                condition=Q(traite_le__isnull=True, ecarte_le__isnull=True),
                name="oubli_a_traiter",
            ),
            models.Index(fields=["traite_le"]),
        ]

    def __str__(self) -> str:
        return f"oubli du {horodatage(self.cree_le)}"
