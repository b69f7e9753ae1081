"""The letter that carries a code: an outbox row, written in the transaction of the demande."""

import uuid
from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import Envoi, EnvoiQuerySet, ServiceGestionnaire
from accounts.saisies.jours_ouvres import apres_jours_ouvres

from .demande import Demande
from .remise import Remise


class CourrierQuerySet(EnvoiQuerySet["Courrier"]):
    def a_prendre(self, maintenant: datetime) -> "CourrierQuerySet":
        """Those that a relay may take now, in their turn: the company's own people first."""
        return super().a_prendre(maintenant).order_by("priorite", "prochain_essai_le")  # type: ignore[return-value]


class Courrier(Envoi):
    """One letter, or with MESSAGERIE a message that leads to the code and the posted letter that tells of it (R8).

    Its code is derived (activation/courriers/codes.py), so producing it twice gives the same one.

    `contenu` is what the letter says, frozen when it is made and without the code: the PDF is a pure function of
    `contenu` and the code, and `empreinte` (SHA-256) proves that a copy printed later is the same letter.
    """

    class Canal(models.TextChoices):
        POSTAL = "POSTAL", "courrier postal"
        MESSAGERIE = "MESSAGERIE", "messagerie sécurisée"

    class Etat(models.TextChoices):
        A_EDITER = "A_EDITER", "à éditer"
        EDITE = "EDITE", "édité"
        REMIS = "REMIS", "remis à La Poste"
        NPAI = "NPAI", "revenu (n’habite pas à l’adresse indiquée)"

    class Priorite(models.IntegerChoices):
        HABILITE = 1, "personne déjà habilitée pour cette entreprise"
        REPRESENTANT = 2, "porte le nom du représentant légal au registre"
        AUTRE = 3, "autre demandeur"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    demande = models.ForeignKey(Demande, models.PROTECT, related_name="courriers", db_index=False)
    numero = models.PositiveSmallIntegerField("numéro", default=1)
    canal = models.CharField("canal", max_length=10, choices=Canal, default=Canal.POSTAL)
    etat = models.CharField("état", max_length=8, choices=Etat, default=Etat.A_EDITER)
    contenu = models.JSONField("contenu sans le code", default=dict, editable=False)
    empreinte = models.CharField("empreinte du PDF", max_length=64, blank=True, editable=False)
    empreinte_code = models.CharField("empreinte du code", max_length=64, unique=True, editable=False)
    priorite = models.PositiveSmallIntegerField("tour", choices=Priorite, default=Priorite.AUTRE)
    cree_le = models.DateTimeField("créé le", default=timezone.now)
    pas_avant = models.DateTimeField("ne part pas avant le", null=True, blank=True)
    edite_le = models.DateTimeField("édité le", null=True, blank=True)
    remis_le = models.DateTimeField("remis le", null=True, blank=True)
    revenu_le = models.DateTimeField("revenu le", null=True, blank=True)
    expire_le = models.DateTimeField("dernier instant", null=True, blank=True)
    remplace_le = models.DateTimeField("remplacé le", null=True, blank=True)
    remise = models.ForeignKey(Remise, models.PROTECT, null=True, blank=True, related_name="courriers", db_index=False)
    rang = models.PositiveIntegerField("rang dans la remise", null=True, blank=True)
    essais = models.PositiveSmallIntegerField("essais manqués", default=0)
    # A trigger writes it, and follows the company: an office's letters are read by index.
    service_gestionnaire = models.ForeignKey(
        ServiceGestionnaire,
        models.PROTECT,
        verbose_name="service gestionnaire",
        null=True,
        editable=False,
        db_index=False,
        related_name="+",
        help_text="Celui de la personne, que la base tient à jour.",
    )

    objects = CourrierQuerySet.as_manager()

    class Meta:
        verbose_name = "lettre"
        ordering = ["-cree_le"]
        constraints = [
            models.UniqueConstraint(
                fields=["demande", "numero"],
                name="courrier_numero_unique",
                violation_error_message="Ce courrier existe déjà.",
            ),
            models.UniqueConstraint(
                fields=["demande"],
                condition=Q(remplace_le__isnull=True),
                name="courrier_un_vivant",
                violation_error_message="Un courrier plus récent remplace celui-ci.",
            ),
            models.CheckConstraint(
                condition=Q(numero__gte=1, numero__lte=1 + settings.CODE_NOUVEAUX_COURRIERS),
                name="courrier_trois_au_plus",
                violation_error_message="Trois courriers au plus par demande.",
            ),
            models.CheckConstraint(
                condition=Q(essais__lte=settings.CODE_ESSAIS),
                name="courrier_essais",
                violation_error_message="Cinq essais au plus par code.",
            ),
            models.UniqueConstraint(
                fields=["remise", "rang"],
                name="courrier_rang_unique",
                violation_error_message="Ce rang est déjà pris dans la remise.",
            ),
            models.CheckConstraint(
                condition=Q(etat="A_EDITER", edite_le__isnull=True, expire_le__isnull=True)
                | (~Q(etat="A_EDITER") & Q(edite_le__isnull=False, expire_le__isnull=False)),
                name="courrier_edite_avec_date",
                violation_error_message="Un courrier édité porte sa date et son échéance.",
            ),
        ]
        indexes = [
            models.Index(
                fields=["priorite", "prochain_essai_le"],
                condition=Q(traite_le__isnull=True, ecarte_le__isnull=True),
                name="courrier_a_produire",
            ),
            models.Index(fields=["etat", "edite_le"]),
            models.Index(fields=["-cree_le", "id"], name="courrier_par_date"),
            models.Index(fields=["etat", "-cree_le", "id"], name="courrier_par_etat"),
            models.Index(fields=["service_gestionnaire", "-cree_le", "id"], name="courrier_du_bureau_par_date"),
            models.Index(fields=["service_gestionnaire", "etat", "cree_le"], name="courrier_du_bureau"),
            models.Index(fields=["service_gestionnaire", "edite_le"], name="courrier_de_la_semaine"),
            models.Index(fields=["cree_le"], condition=Q(ecarte_le__isnull=False), name="courrier_ecarte"),
        ]

    def __str__(self) -> str:
        return f"{self.demande.reference}-{self.numero}"

    def get_etat_display(self) -> str:  # type: ignore[no-redef]  # Django leaves one that is defined
        """Return the state as every page says it, of a letter; the words of the choices are those of the migrations."""
        return {
            self.Etat.A_EDITER: "à éditer",
            self.Etat.EDITE: "éditée",
            self.Etat.REMIS: "remise à La Poste",
            self.Etat.NPAI: "revenue (n’habite pas à l’adresse indiquée)",
        }[self.Etat(self.etat)]

    @property
    def part_le(self) -> datetime:
        """When it leaves, or left: the moment it was asked for, or the day that was given to it."""
        return self.pas_avant or self.cree_le

    def attend_son_jour(self, maintenant: datetime) -> bool:
        """Whether it is dated and its day has not come."""
        return self.etat == self.Etat.A_EDITER and self.pas_avant is not None and self.pas_avant > maintenant

    def est_expire(self, maintenant: datetime) -> bool:
        """Whether its 60 days are over (R9)."""
        return self.expire_le is not None and maintenant > self.expire_le

    @property
    def a_signaler(self) -> str:
        """What the letter prints for who does not recognise the demande; empty on one made before it was printed."""
        return str(self.contenu.get("a_signaler", ""))

    @property
    def lisible_le(self) -> datetime | None:
        """From when the code put into a mailbox may be read there; None while the letter that tells of it waits (R8)."""
        if self.canal != self.Canal.MESSAGERIE or self.remis_le is None:
            return None
        return apres_jours_ouvres(self.remis_le, settings.CODE_LISIBLE_APRES)
