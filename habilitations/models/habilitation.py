"""Who may use a service for a personne, in which role, granted by whom."""

import uuid
from datetime import date
from typing import Final

from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.models import Espace
from accounts.saisies.elisions import de
from services.models import PersonneSirenisee, Service

from .adhesion import Adhesion


class Role(models.TextChoices):
    """The four roles, read for one SIREN and one service (domaine.md §1.1)."""

    TITULAIRE = "TITULAIRE", "administrateur titulaire"
    SUPPLEANT = "SUPPLEANT", "administrateur suppléant"
    ACTEUR_DELEGANT = "ACTEUR_DELEGANT", "acteur délégant"
    ACTEUR = "ACTEUR", "acteur"


# How pages, lists and mails order habilitations: SIREN by name, services as in the catalogue, holders by name.
ORDRE: Final = ("personne__denomination", "personne__siren", "service__ordre", "service__code", "espace__nom", "pk")


def donne_un_droit(jour: date) -> Q:
    """Return the condition that a live habilitation gives a right on that day: not en veille, not expired."""
    return Q(Q(expire_le__isnull=True) | Q(expire_le__gte=jour), etat=Habilitation.Etat.ACTIVE)


class HabilitationQuerySet(models.QuerySet["Habilitation"]):
    def vivantes(self) -> "HabilitationQuerySet":
        """Not ended: ACTIVE or EN_VEILLE. The trigger of habilitations/0002 ends them with their adhésion."""
        return self.filter(fin_le__isnull=True)

    def actives(self, a_la_date: date | None = None) -> "HabilitationQuerySet":
        """Those that give a right on that day (today by default): live, not en veille, not expired."""
        return self.vivantes().filter(donne_un_droit(a_la_date or timezone.localdate()))

    def de_l_espace(self, espace: Espace) -> "HabilitationQuerySet":
        return self.filter(espace=espace)


class Habilitation(models.Model):
    """One node of the tree of authority on an adhésion; its root is the titulaire.

    `personne` and `service` repeat the adhésion's so that the question asked on every page reads one index of one
    table; a composite foreign key (migration 0002) makes them agree. An adhésion's habilitations, live and ended, are
    found by `habilitation_id_adhesion` (adhesion, id), which the key of what is granted points at.
    """

    class Etat(models.TextChoices):
        ACTIVE = "ACTIVE", "active"
        EN_VEILLE = "EN_VEILLE", "en veille"

    class MotifVeille(models.TextChoices):
        TITULAIRE = "TITULAIRE", "décision du titulaire"
        SUBSTITUTION = "SUBSTITUTION", "substitution"
        CESSATION = "CESSATION", "cessation de la personne"
        COMPROMIS = "COMPROMIS", "espace de qui l’a accordée désactivé"

    class MotifFin(models.TextChoices):
        RETRAIT = "RETRAIT", "retrait"
        CASCADE = "CASCADE", "retrait de l’habilitation supérieure"
        SUBSTITUTION = "SUBSTITUTION", "substitution"
        PROMOTION = "PROMOTION", "changement de rôle"
        EXPIRATION = "EXPIRATION", "date de fin atteinte"
        NON_CONFIRMEE = "NON_CONFIRMEE", "non confirmée par le nouveau titulaire"
        FERMETURE = "FERMETURE", "fermeture de l’adhésion"
        SUPPRESSION_ESPACE = "SUPPRESSION_ESPACE", "espace supprimé"
        REUNION = "REUNION", "déjà tenue sur le dossier du SIREN"
        DECLINEE = "DECLINEE", "déclinée par la personne habilitée"
        PLACE = "PLACE", "place rendue à un autre SIREN"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    adhesion = models.ForeignKey(Adhesion, models.PROTECT, related_name="habilitations", db_index=False)
    personne = models.ForeignKey(PersonneSirenisee, models.PROTECT, related_name="habilitations", db_index=False)
    service = models.ForeignKey(Service, models.PROTECT, related_name="habilitations", db_index=False)
    espace = models.ForeignKey(Espace, models.PROTECT, related_name="habilitations")
    role = models.CharField("rôle", max_length=15, choices=Role)
    etat = models.CharField("état", max_length=9, choices=Etat, default=Etat.ACTIVE)
    veille_motif = models.CharField("motif de mise en veille", max_length=12, choices=MotifVeille, blank=True)
    veille_depuis = models.DateTimeField("en veille depuis", null=True, blank=True)
    accordee_par = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="accordees", verbose_name="accordée par"
    )
    accordee_le = models.DateTimeField("accordée le", default=timezone.now)
    expire_le = models.DateField("dernier jour", null=True, blank=True)
    revue_le = models.DateTimeField("confirmée lors de la revue le", null=True, blank=True)
    revue_demandee_le = models.DateTimeField("à revoir depuis le", null=True, blank=True)
    fin_le = models.DateTimeField("terminée le", null=True, blank=True)
    fin_motif = models.CharField("motif de fin", max_length=18, choices=MotifFin, blank=True)

    objects = HabilitationQuerySet.as_manager()

    class Meta:
        verbose_name = "habilitation"
        constraints = [
            models.UniqueConstraint(
                fields=["adhesion"],
                condition=Q(role="TITULAIRE", fin_le__isnull=True),
                name="habilitation_un_titulaire",
                violation_error_message="Cette adhésion a déjà un administrateur titulaire.",
            ),
            models.UniqueConstraint(
                fields=["adhesion", "espace"],
                condition=Q(fin_le__isnull=True),
                # What « À faire » asks of all that hangs on some adhésions, answered by the index alone.
                include=[
                    "personne",
                    "role",
                    "accordee_par",
                    "veille_motif",
                    "veille_depuis",
                    "expire_le",
                    "revue_le",
                    "accordee_le",
                    "revue_demandee_le",
                ],
                name="habilitation_une_par_espace",
                violation_error_message="Cet espace est déjà habilité à ce service pour cette personne.",
            ),
            models.CheckConstraint(
                condition=Q(role="TITULAIRE", accordee_par__isnull=True)
                | (~Q(role="TITULAIRE") & Q(accordee_par__isnull=False)),
                name="habilitation_racine_titulaire",
                violation_error_message="Le titulaire est la racine ; toute autre habilitation est accordée par une autre.",
            ),
            models.CheckConstraint(
                condition=~Q(role="TITULAIRE", etat="EN_VEILLE") | Q(veille_motif="CESSATION"),
                name="habilitation_titulaire_actif",
                violation_error_message="Un titulaire n’est pas mis en veille.",
            ),
            models.CheckConstraint(
                condition=~Q(role__in=["TITULAIRE", "SUPPLEANT"]) | Q(expire_le__isnull=True),
                name="habilitation_fin_delegations",
                violation_error_message="Seule une délégation peut porter une date de fin.",
            ),
            models.CheckConstraint(
                condition=Q(etat="ACTIVE", veille_motif="", veille_depuis__isnull=True)
                | (Q(etat="EN_VEILLE", veille_depuis__isnull=False) & ~Q(veille_motif="")),
                name="habilitation_veille_avec_motif",
                violation_error_message="Une mise en veille porte sa date et son motif.",
            ),
            models.CheckConstraint(
                condition=Q(fin_le__isnull=True, fin_motif="") | (Q(fin_le__isnull=False) & ~Q(fin_motif="")),
                name="habilitation_fin_avec_motif",
                violation_error_message="Une habilitation terminée porte un motif.",
            ),
        ]
        indexes = [
            models.Index(
                fields=["espace", "personne", "service"],
                # The key too: what others hold under one's own is found from their keys, by this index alone.
                include=["role", "etat", "expire_le", "adhesion", "id"],
                condition=Q(fin_le__isnull=True),
                name="habilitation_question",
            ),
            # Who held or holds anything of a company, by this index alone: an office looks for a name among its own.
            models.Index(fields=["personne", "service"], include=["espace"], name="habilitation_paire"),
            models.Index(
                fields=["expire_le"],
                condition=Q(fin_le__isnull=True, expire_le__isnull=False),
                name="habilitation_expirante",
            ),
            models.Index(
                fields=["veille_depuis"],
                condition=Q(fin_le__isnull=True, veille_motif="SUBSTITUTION"),
                name="habilitation_a_confirmer",
            ),
            models.Index(
                fields=["revue_demandee_le"],
                condition=Q(fin_le__isnull=True, revue_demandee_le__isnull=False),
                name="habilitation_revue_demandee",
            ),
            models.Index(
                Coalesce("revue_le", "accordee_le"),
                condition=Q(fin_le__isnull=True, role__in=["ACTEUR_DELEGANT", "ACTEUR"]),
                name="habilitation_a_revoir",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_role_display()} de {self.adhesion_id}"

    @property
    def accordee_par_qui(self) -> str:
        """Return who granted it, nobody for a titulaire.

        Once it was hung under somebody who came later (a substitution, R12), it is his predecessor who did.
        """
        if self.accordee_par is None:
            return ""
        nom = self.accordee_par.espace.nom_complet
        return f"le prédécesseur {de(nom)}" if self.accordee_par.accordee_le > self.accordee_le else nom

    @property
    def est_vivante(self) -> bool:
        return self.fin_le is None

    def est_active(self, a_la_date: date | None = None) -> bool:
        """Whether it gives a right on that day (today by default)."""
        jour = a_la_date or timezone.localdate()
        return self.est_vivante and self.etat == self.Etat.ACTIVE and (self.expire_le is None or self.expire_le >= jour)
