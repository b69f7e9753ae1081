"""Bank references of a personne and the SEPA mandates made from them (CGU §4.d).

The IBAN is kept encrypted for its row alone, under the keys of CLE_CHIFFREMENT; what is read without them is the country,
the last four and a keyed fingerprint that only tells that two are the same.
"""

import uuid
from typing import Final

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.chiffrement import SecretIllisible, cle_courante, desceller, empreinte, sceller

from .personne import PersonneSirenisee

__all__ = ["MandatSepa", "ReferenceBancaire", "SecretIllisible", "empreinte_iban", "ligne_de"]

USAGE: Final = "services.iban"


def empreinte_iban(iban: str) -> str:
    """Return the fingerprint of an IBAN in its one form."""
    return empreinte(iban, usage=USAGE)


def ligne_de(reference: uuid.UUID) -> str:
    """Return the associated data of the IBAN of this row."""
    return f"services.referencebancaire|{reference}"


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
    ajoutee_le = models.DateTimeField(default=timezone.now)
    supprimee_le = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "référence bancaire"
        verbose_name_plural = "références bancaires"
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
