"""The espace professionnel of one natural person, and the one-time links sent to it."""

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from ..saisies.numeros import grouper_numero
from .adresse import AdressePostale


class EspaceQuerySet(models.QuerySet["Espace"]):
    def actifs(self) -> "EspaceQuerySet":
        return self.filter(etat=Espace.Etat.ACTIF)


class Espace(AdressePostale):
    """The personal espace (CGU §3.3): one natural person, one account, a numéro d'abonné that is never reused."""

    class Mode(models.TextChoices):
        SIMPLIFIE = "SIMPLIFIE", "simplifié"
        EXPERT = "EXPERT", "expert"

    class Etat(models.TextChoices):
        EN_ATTENTE_COURRIEL = "EN_ATTENTE_COURRIEL", "en attente de confirmation de l’adresse"
        EN_ATTENTE_CODE = "EN_ATTENTE_CODE", "en attente du code d’activation"
        ACTIF = "ACTIF", "actif"
        DESACTIVE = "DESACTIVE", "désactivé"
        SUPPRIME = "SUPPRIME", "supprimé"

    class Civilite(models.TextChoices):
        MADAME = "MADAME", "Madame"
        MONSIEUR = "MONSIEUR", "Monsieur"

    class Question(models.TextChoices):
        """The fixed list of questions: a free one would invite weak answers (references.md B.6)."""

        LIVRE = "LIVRE", "Quel passage d’un livre connaissez-vous par cœur ?"
        SOUVENIR = "SOUVENIR", "Quelle phrase résume un souvenir que vous n’avez jamais raconté ?"
        VOYAGE = "VOYAGE", "Quels lieux avez-vous traversés lors d’un voyage, dans l’ordre ?"
        PHRASE = "PHRASE", "Quelle suite de mots avez-vous choisie ou acceptée pour cet espace ?"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    compte = models.OneToOneField(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="espace")
    numero_abonne = models.CharField("numéro d’abonné", max_length=14, unique=True, editable=False)
    mode = models.CharField("mode", max_length=9, choices=Mode)
    etat = models.CharField("état", max_length=19, choices=Etat, default=Etat.EN_ATTENTE_COURRIEL)
    civilite = models.CharField("civilité", max_length=8, choices=Civilite, blank=True)
    nom = models.CharField("nom", max_length=80)
    prenom = models.CharField("prénom", max_length=80)
    telephone = models.CharField("téléphone", max_length=20, blank=True)
    siren_appartenance = models.CharField("SIREN de l’organisation d’appartenance", max_length=9, blank=True)
    question_confiance = models.CharField("question de confiance", max_length=10, choices=Question)
    reponse_confiance = models.CharField("empreinte de la réponse", max_length=255, editable=False)
    reponse_essais = models.PositiveSmallIntegerField("essais de réponse manqués", default=0, editable=False)
    reponse_manquee_le = ArrayField(
        models.DateTimeField(), verbose_name="derniers essais manqués", default=list, editable=False
    )
    reponse_expire_le = models.DateTimeField(
        "réponse remise par un agent, valable jusqu’au", null=True, blank=True, editable=False
    )
    reponse_changee_le = models.DateTimeField(default=timezone.now, editable=False)
    # R5: chosen, but on no récapitulatif yet; lost there, another is chosen at the next sign-in.
    reponse_a_montrer = models.BooleanField(default=False, editable=False)
    # What a change of address that is undone gives back (accounts/mots_de_passe/confiance.py, `rendre_reponse`).
    question_precedente = models.CharField(max_length=10, choices=Question, blank=True, editable=False)
    reponse_precedente = models.CharField(max_length=255, blank=True, editable=False)
    reponse_precedente_le = models.DateTimeField(null=True, blank=True, editable=False)
    cgu_version = models.CharField("version des CGU acceptée", max_length=20)
    cgu_acceptees_le = models.DateTimeField("CGU acceptées le", default=timezone.now)
    cree_le = models.DateTimeField("créé le", default=timezone.now, editable=False)
    active_le = models.DateTimeField("activé le", null=True, blank=True, editable=False)
    supprime_le = models.DateTimeField("supprimé le", null=True, blank=True, editable=False)

    objects = EspaceQuerySet.as_manager()

    class Meta:
        verbose_name = "espace professionnel"
        verbose_name_plural = "espaces professionnels"
        constraints = [
            models.CheckConstraint(
                condition=Q(numero_abonne__regex=r"^[0-9]{14}$"),
                name="espace_numero_abonne",
                violation_error_message="Le numéro d’abonné compte 14 chiffres.",
            ),
            models.CheckConstraint(
                condition=Q(siren_appartenance="") | Q(siren_appartenance__regex=r"^[0-9A-Z]{9}$"),
                name="espace_siren_appartenance",
                violation_error_message="Le SIREN compte neuf chiffres.",
            ),
            models.CheckConstraint(
                condition=Q(etat="SUPPRIME", supprime_le__isnull=False, compte__isnull=True)
                | (~Q(etat="SUPPRIME") & Q(supprime_le__isnull=True, compte__isnull=False)),
                name="espace_supprime_sans_compte",
                violation_error_message="Un espace supprimé n’a plus de compte ; tout autre espace en a un.",
            ),
        ]
        indexes = [
            models.Index(
                fields=["reponse_changee_le"],
                condition=~Q(reponse_precedente=""),
                name="espace_reponse_precedente",
            ),
            models.Index(fields=["cree_le"], condition=Q(etat="EN_ATTENTE_COURRIEL"), name="espace_a_confirmer"),
            models.Index(fields=["cree_le"], name="espace_age"),
            models.Index(
                fields=["siren_appartenance"], condition=~Q(siren_appartenance=""), name="espace_d_appartenance"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.nom_complet or 'Espace supprimé'} ({self.numero_lisible})"

    @property
    def nom_complet(self) -> str:
        return f"{self.prenom} {self.nom}".strip()

    @property
    def numero_lisible(self) -> str:
        """The numéro d'abonné in groups, as the récapitulatif prints it: `2026 327 481 593 6`."""
        return grouper_numero(self.numero_abonne)

    @property
    def est_actif(self) -> bool:
        return self.etat == self.Etat.ACTIF


class Lien(models.Model):
    """A one-time link. Its token is derived, never stored: a stolen table opens nothing (accounts/envois/liens.py)."""

    class Objet(models.TextChoices):
        CONFIRMATION_EXPERT = "CONFIRMATION_EXPERT", "confirmation de l’adresse (mode expert)"
        CONFIRMATION_ENTREPRISE = "CONFIRMATION_ENTREPRISE", "confirmation de l’adresse de l’entreprise"
        CONFIRMATION_CONNEXION = "CONFIRMATION_CONNEXION", "confirmation de l’adresse de connexion (mode simplifié)"
        CHANGEMENT_ADRESSE = "CHANGEMENT_ADRESSE", "changement d’adresse de connexion"
        ANNULATION_ADRESSE = "ANNULATION_ADRESSE", "annulation d’un changement d’adresse"
        MOT_DE_PASSE_OUBLIE = "MOT_DE_PASSE_OUBLIE", "mot de passe oublié"
        COURRIEL_ENTREPRISE = "COURRIEL_ENTREPRISE", "changement de l’adresse de l’entreprise"
        CE_N_EST_PAS_MOI = "CE_N_EST_PAS_MOI", "« ce n’est pas moi »"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    espace = models.ForeignKey(Espace, models.CASCADE, related_name="liens")
    objet = models.CharField(max_length=23, choices=Objet)
    adresse = models.EmailField("adresse visée", max_length=254, blank=True)
    sujet = models.UUIDField(
        null=True, blank=True, help_text="La demande dont il s’agit, là où un espace en a plusieurs de même objet."
    )
    cree_le = models.DateTimeField(default=timezone.now)
    expire_le = models.DateTimeField()
    consomme_le = models.DateTimeField(null=True, blank=True)
    revoque_le = models.DateTimeField(null=True, blank=True)
    essais = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = "lien à usage unique"
        verbose_name_plural = "liens à usage unique"
        constraints = [
            models.UniqueConstraint(
                fields=["espace", "objet", "sujet"],
                nulls_distinct=False,
                condition=Q(consomme_le__isnull=True, revoque_le__isnull=True),
                name="lien_un_seul_vivant",
                violation_error_message="Un lien plus récent remplace celui-ci.",
            )
        ]
        indexes = [models.Index(fields=["expire_le"])]

    def __str__(self) -> str:
        return f"{self.get_objet_display()} pour {self.espace}"
