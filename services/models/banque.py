"""Bank references of a personne and the SEPA mandates made from them (CGU §4.d).

The IBAN is kept encrypted for its row alone, under the keys of CLE_CHIFFREMENT; what is read without them is the country,
the last four and a keyed fingerprint that only tells that two are the same.
"""

import uuid
from datetime import datetime
from typing import Final, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Case, Exists, F, OuterRef, Q, Value, When
from django.utils import timezone

from accounts.chiffrement import SecretIllisible, cle_courante, desceller, empreinte, sceller
from accounts.models import Agent, Espace
from accounts.saisies.dates import jour

from .personne import PersonneSirenisee

__all__ = [
    "CLOS",
    "DIT_CLOS",
    "ChangementBancaire",
    "MandatSepa",
    "ReferenceBancaire",
    "SecretIllisible",
    "SignalementBancaire",
    "empreinte_iban",
    "ligne_de",
]

USAGE: Final = "services.iban"


def empreinte_iban(iban: str) -> str:
    """Return the fingerprint of an IBAN in its one form."""
    return empreinte(iban, usage=USAGE)


def ligne_de(reference: uuid.UUID) -> str:
    """Return the associated data of the IBAN of this row."""
    return f"services.referencebancaire|{reference}"


CLOS: Final = "AC04"
"""ISO 20022, ExternalStatusReason1Code: ClosedAccountNumber."""


def _dit_clos(par: str, autre: str) -> Q:
    """Return the condition that the bank's answer for this kind of debit is its last one, says closed, and is not lifted since."""
    derniere = (
        Q(**{f"{par}_le": None}) | Q(**{f"{autre}_le": None}) | Q(**{f"{autre}_le__lte": F(f"{par}_le")})
    )  # of the same day: what bars wins
    tient = Q(cloture_levee_le=None) | Q(cloture_levee_le__date__lt=F(f"{par}_le"))
    return Q(**{f"{par}_motif": CLOS}) & derniere & tient


DIT_CLOS: Final = _dit_clos("b2b", "core") | _dit_clos("core", "b2b")
"""Whether a reference is that of an account which the bank says closed: for the list, for what may be added, and for what is to be done."""


class ReferenceBancaireQuerySet(models.QuerySet["ReferenceBancaire"]):
    """The references, and which of them nobody may use for a time."""

    def avec_suspension(self) -> Self:
        """Say of each, in `suspendue`, whether a change of it that somebody did not recognise waits for the office."""
        attendent = SignalementBancaire.objects.filter(
            changement__reference=OuterRef("pk"), etat=SignalementBancaire.Etat.DEPOSE
        )
        return self.annotate(suspendue=Exists(attendent))

    def avec_cloture(self) -> Self:
        """Say of each, in `dite_close`, whether the bank says it closed, and no agent has seen since then that it is not."""
        return self.annotate(dite_close=Case(When(DIT_CLOS, then=Value(True)), default=Value(False)))


class ReferenceBancaire(models.Model):
    """An account that a personne pays from. It belongs to the personne, so it survives a substitution (R12)."""

    class Etat(models.TextChoices):
        """What the bank answered for one kind of debit."""

        SAISI = "SAISI", "en attente de la banque"
        VALIDE = "VALIDE", "valide"
        REFUSE = "REFUSE", "refusé"

    class Attente(models.TextChoices):
        """Why a new account is not usable at once."""

        CONNEXION = "CONNEXION", "une connexion inhabituelle"
        ADRESSE = "ADRESSE", "un changement d’adresse de connexion"
        MOT_DE_PASSE = "MOT_DE_PASSE", "un changement de mot de passe"
        SECOND_FACTEUR = "SECOND_FACTEUR", "un changement de second facteur"
        DESIGNATION = "DESIGNATION", "une désignation faite par un espace qui venait de changer"
        DESACTIVATION = "DESACTIVATION", "la désactivation de l’espace qui l’a ajouté"
        ECARTE = "ECARTE", "la décision du service gestionnaire d’écarter ce même compte"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    personne = models.ForeignKey(PersonneSirenisee, models.PROTECT, related_name="references_bancaires")
    iban_chiffre = models.CharField("IBAN chiffré", max_length=160, editable=False)
    empreinte = models.CharField("empreinte de l’IBAN", max_length=64, editable=False)
    pays = models.CharField("pays", max_length=2, editable=False)
    derniers = models.CharField("quatre derniers caractères", max_length=4, editable=False)
    bic = models.CharField("BIC", max_length=11, blank=True)
    banque = models.CharField("banque", max_length=100, blank=True)
    titulaire = models.CharField("dénomination du titulaire", max_length=160)
    etat_core = models.CharField("prélèvement CORE", max_length=6, choices=Etat, default=Etat.SAISI)
    core_le = models.DateField("réponse de la banque, CORE", null=True, blank=True)
    core_motif = models.CharField("motif de la banque, CORE", max_length=4, blank=True)
    etat_b2b = models.CharField("prélèvement interentreprises", max_length=6, choices=Etat, default=Etat.SAISI)
    b2b_le = models.DateField("réponse de la banque, interentreprises", null=True, blank=True)
    b2b_motif = models.CharField("motif de la banque, interentreprises", max_length=4, blank=True)
    utilisable_le = models.DateTimeField("utilisable le", null=True, blank=True)
    attente = models.CharField("ce qui fait attendre", max_length=14, choices=Attente, blank=True)
    ajoutee_le = models.DateTimeField("ajoutée le", default=timezone.now)
    supprimee_le = models.DateTimeField("supprimée le", null=True, blank=True)
    cloture_levee_le = models.DateTimeField("clôture levée le", null=True, blank=True)
    choisie_pour = ArrayField(
        models.CharField(max_length=20),
        verbose_name="choisie en dernier pour les services",
        blank=True,
        default=list,
        editable=False,
    )

    suspendue: bool  # `avec_suspension`
    dite_close: bool  # `avec_cloture`
    CHAMPS_DU_RETRAIT: Final = ("supprimee_le", "choisie_pour")

    objects = ReferenceBancaireQuerySet.as_manager()

    class Meta:
        verbose_name = "compte bancaire"
        verbose_name_plural = "comptes bancaires"
        constraints = [
            models.UniqueConstraint(
                fields=["personne", "empreinte"],
                condition=Q(supprimee_le__isnull=True),
                name="reference_iban_unique",
                violation_error_message="Ce compte est déjà enregistré pour cette personne.",
            ),
            models.CheckConstraint(
                condition=Q(
                    empreinte__regex=r"^[0-9a-f]{64}$",
                    pays__regex=r"^[A-Z]{2}$",
                    derniers__regex=r"^[0-9A-Z]{4}$",
                    iban_chiffre__regex=r"^[0-9a-f]{8}[.][-_=0-9A-Za-z]{40,}$",
                ),
                name="reference_iban_forme",
                violation_error_message="Cet IBAN n’est pas gardé chiffré.",
            ),
            models.CheckConstraint(
                condition=Q(core_motif__regex=r"^([A-Z]{2}[0-9]{2})?$", b2b_motif__regex=r"^([A-Z]{2}[0-9]{2})?$"),
                name="reference_motif_forme",
                violation_error_message="Un motif de la banque est un code ISO 20022, comme MD01.",
            ),
            models.CheckConstraint(
                condition=Q(utilisable_le__isnull=True, attente="") | Q(utilisable_le__isnull=False) & ~Q(attente=""),
                name="reference_attente_avec_motif",
                violation_error_message="Un compte qui attend dit pourquoi et jusqu’à quand.",
            ),
        ]
        indexes = [models.Index(fields=["-ajoutee_le", "id"], name="reference_bancaire_par_date")]

    def __str__(self) -> str:
        return self.iban_masque

    @property
    def iban_masque(self) -> str:
        """Country and last four characters: an IBAN is never shown whole in a list or a log (design.md §3)."""
        return f"{self.pays} •••• {self.derniers}"

    def sceller_iban(self, iban: str) -> None:
        """Keep this IBAN, in its one form, under the newest key; the caller saves."""
        self.iban_chiffre = sceller(iban.encode(), ligne=ligne_de(self.pk))
        self.empreinte = empreinte_iban(iban)
        self.pays, self.derniers = iban[:2], iban[-4:]

    def desceller_iban(self) -> str:
        """Return the whole IBAN: only for an act that shows it. Raises: accounts.chiffrement.SecretIllisible."""
        return desceller(self.iban_chiffre, ligne=ligne_de(self.pk)).decode()

    def retirer(self, le: datetime) -> None:
        """Take this account off those of its company, and out of what was chosen to pay with; the caller saves `CHAMPS_DU_RETRAIT`."""
        self.supprimee_le, self.choisie_pour = le, []

    def rendre(self) -> None:
        """Give it back to its company; what it was chosen for before is chosen anew or not. The caller saves `CHAMPS_DU_RETRAIT`."""
        self.supprimee_le, self.choisie_pour = None, []

    @property
    def a_rechiffrer(self) -> bool:
        return not self.iban_chiffre.startswith(f"{cle_courante()}.")


class MandatSepa(models.Model):
    """The mandate to sign and hand to the bank for one reference. Its RUM is at most 35 characters (EPC AT-01).

    The document itself is kept nowhere: it is made each time that it is asked for.
    """

    reference = models.OneToOneField(ReferenceBancaire, models.CASCADE, related_name="mandat")
    rum = models.CharField("référence unique du mandat", max_length=35, unique=True)
    edite_le = models.DateTimeField("édité le", null=True, blank=True)
    remis_le = models.DateField("remis à la banque le", null=True, blank=True)

    class Meta:
        verbose_name = "mandat SEPA"
        verbose_name_plural = "mandats SEPA"
        constraints = [
            models.CheckConstraint(
                condition=Q(rum__regex=r"^[0-9]{2}DGFIP[0-9A-Z]{1,28}$"),
                name="mandat_rum_forme",
                violation_error_message="Cette référence de mandat n’a pas la forme attendue.",
            )
        ]

    def __str__(self) -> str:
        return self.rum


class ChangementBancaire(models.Model):
    """What was done to one reference, and by whom: what may be reported, and undone by the office (R20)."""

    class Genre(models.TextChoices):
        AJOUT = "AJOUT", "compte ajouté"
        RENOMMAGE = "RENOMMAGE", "titulaire renommé"
        SUPPRESSION = "SUPPRESSION", "compte supprimé"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    reference = models.ForeignKey(ReferenceBancaire, models.CASCADE, related_name="changements")
    genre = models.CharField("changement", max_length=11, choices=Genre)
    espace = models.ForeignKey(
        Espace, models.PROTECT, null=True, blank=True, related_name="changements_bancaires", verbose_name="fait par"
    )
    titulaire_avant = models.CharField("titulaire d’avant", max_length=160, blank=True)
    titulaire_apres = models.CharField("titulaire d’après", max_length=160, blank=True)
    fait_le = models.DateTimeField("fait le", default=timezone.now)

    class Meta:
        verbose_name = "changement d’un compte bancaire"
        verbose_name_plural = "changements des comptes bancaires"
        ordering = ["-fait_le"]
        constraints = [
            models.CheckConstraint(
                condition=(Q(genre="RENOMMAGE") & ~Q(titulaire_avant="") & ~Q(titulaire_apres=""))
                | (~Q(genre="RENOMMAGE") & Q(titulaire_avant="", titulaire_apres="")),
                name="changement_bancaire_noms",
                violation_error_message="Un titulaire renommé a le nom d’avant et celui d’après, un autre changement aucun.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_genre_display()} le {jour(self.fait_le)}"

    @property
    def dernier_signalement(self) -> "SignalementBancaire | None":
        """Return the last report of this change, among those that were read with it, the last first."""
        return next(iter(self.signalements.all()), None)


class SignalementBancaire(models.Model):
    """« Ce n’est pas nous »: a change that an administrator, or the company on the telephone, does not recognise.

    As long as it waits, its account may not be used; an agent of the office lets the change stand, or undoes it.
    """

    class Etat(models.TextChoices):
        DEPOSE = "DEPOSE", "à examiner"
        REPRIS = "REPRIS", "repris par qui l’avait signalé"
        MAINTENU = "MAINTENU", "changement maintenu"
        ANNULE = "ANNULE", "changement annulé"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    changement = models.ForeignKey(ChangementBancaire, models.CASCADE, related_name="signalements")
    espace = models.ForeignKey(
        Espace, models.PROTECT, null=True, blank=True, related_name="signalements_bancaires", verbose_name="signalé par"
    )
    recueilli_par = models.ForeignKey(
        Agent, models.PROTECT, null=True, blank=True, related_name="+", db_index=False, verbose_name="recueilli par"
    )
    preuve = models.CharField("comment l’entreprise l’a dit", max_length=500, blank=True)
    depose_le = models.DateTimeField("signalé le", default=timezone.now)
    etat = models.CharField("état", max_length=8, choices=Etat, default=Etat.DEPOSE)
    decide_le = models.DateTimeField("décidé le", null=True, blank=True)
    agent = models.ForeignKey(
        Agent, models.PROTECT, null=True, blank=True, related_name="+", db_index=False, verbose_name="décidé par"
    )
    reponse = models.CharField("motif de la décision", max_length=300, blank=True)

    class Meta:
        verbose_name = "changement bancaire non reconnu"
        verbose_name_plural = "changements bancaires non reconnus"
        ordering = ["-depose_le"]
        constraints = [
            models.UniqueConstraint(
                fields=["changement"],
                condition=Q(etat="DEPOSE"),
                name="signalement_bancaire_un_en_attente",
                violation_error_message="Ce changement est déjà signalé.",
            ),
            models.CheckConstraint(
                condition=Q(espace__isnull=False, recueilli_par__isnull=True, preuve="")
                | (Q(espace__isnull=True, recueilli_par__isnull=False) & ~Q(preuve="")),
                name="signalement_bancaire_par_un_seul",
                violation_error_message="Un signalement vient d’un espace, ou d’un agent qui dit comment il l’a reçu.",
            ),
            models.CheckConstraint(
                condition=Q(etat="DEPOSE", decide_le__isnull=True, agent__isnull=True, reponse="")
                | Q(etat="REPRIS", decide_le__isnull=False, agent__isnull=True, reponse="")
                | (Q(etat__in=["MAINTENU", "ANNULE"], decide_le__isnull=False, agent__isnull=False) & ~Q(reponse="")),
                name="signalement_bancaire_decide",
                violation_error_message="Un signalement décidé porte la date, l’agent et le motif.",
            ),
        ]
        indexes = [models.Index(fields=["-decide_le", "depose_le", "id"], name="signalement_bancaire_liste")]

    def __str__(self) -> str:
        return f"{self.changement.reference.iban_masque}, signalé le {jour(self.depose_le)}"
