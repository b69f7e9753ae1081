"""The secure mailbox of a personne: exchanges with its service gestionnaire, their messages, and who has read them."""

import secrets
import uuid
from datetime import datetime
from typing import Final

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.chiffrement import SecretIllisible, cle_courante, desceller, sceller
from accounts.models import Espace, ServiceGestionnaire
from accounts.saisies.dates import jour

from .personne import PersonneSirenisee

__all__ = [
    "Brouillon",
    "Echange",
    "LectureMessage",
    "Message",
    "MessageNonLu",
    "ModeleDeReponse",
    "PieceJointe",
    "SecretIllisible",
    "nouvelle_reference",
]

ALPHABET: Final = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # no 0 O 1 I L: read on the telephone
LONGUEUR_OBJET: Final = 160
LONGUEUR_TEXTE: Final = 20_000


def nouvelle_reference() -> str:
    """Return a reference that can be read on the telephone: `E-2026-7KQ4M2XA` (31^8 a year)."""
    return f"E-{timezone.localdate():%Y}-" + "".join(secrets.choice(ALPHABET) for _ in range(8))


class Echange(models.Model):
    """A conversation between a personne and its service gestionnaire.

    `dernier_le` is the time of its last visible message, the order of the inbox; `attend_le` is since when the personne
    waits for an answer, the order of the office's queue.
    """

    class Etat(models.TextChoices):
        ENVOYE = "ENVOYE", "envoyé"
        PRIS_EN_CHARGE = "PRIS_EN_CHARGE", "pris en charge"
        REPONDU = "REPONDU", "répondu"
        PIECE_DEMANDEE = "PIECE_DEMANDEE", "pièce demandée"
        CLOS = "CLOS", "clos"

    ATTENDENT_LE_SERVICE: Final = (Etat.ENVOYE, Etat.PRIS_EN_CHARGE)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    reference = models.CharField("référence", max_length=20, default=nouvelle_reference, editable=False)
    personne = models.ForeignKey(PersonneSirenisee, models.PROTECT, related_name="echanges", db_index=False)
    service_gestionnaire = models.ForeignKey(
        ServiceGestionnaire,
        models.PROTECT,
        verbose_name="service gestionnaire",
        related_name="echanges",
        db_index=False,
    )
    theme = models.CharField("thème", max_length=30)
    objet = models.CharField("objet", max_length=LONGUEUR_OBJET)
    etat = models.CharField("état", max_length=14, choices=Etat, default=Etat.ENVOYE)
    ouvert_le = models.DateTimeField("ouvert le", default=timezone.now)
    dernier_le = models.DateTimeField("dernier message le", default=timezone.now)
    attend_le = models.DateTimeField("attend une réponse depuis le", null=True, blank=True)
    clos_le = models.DateTimeField("clos le", null=True, blank=True)
    clos_par_usager = models.BooleanField("clos par l’usager", default=False)

    class Meta:
        verbose_name = "échange"
        ordering = ["-dernier_le", "-pk"]
        indexes = [
            models.Index(fields=["personne", "-dernier_le", "-id"], name="echange_boite"),
            models.Index(fields=["personne", "etat", "-dernier_le"], name="echange_boite_etat"),
            models.Index(fields=["personne", "theme", "-dernier_le"], name="echange_boite_theme"),
            models.Index(fields=["service_gestionnaire", "attend_le", "-dernier_le"], name="echange_liste"),
            # Its entries say little: small enough to count those of an office.
            models.Index(fields=["service_gestionnaire", "etat"], name="echange_liste_etat"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["reference"],
                name="echange_reference",
                violation_error_message="Cette référence est déjà celle d’un échange.",
            ),
            models.CheckConstraint(
                condition=Q(theme__regex=r"^[A-Z][A-Z0-9_]*$"),
                name="echange_theme_forme",
                violation_error_message="Un thème s’écrit en capitales, chiffres et tirets bas.",
            ),
            models.CheckConstraint(
                condition=Q(etat="CLOS", clos_le__isnull=False)
                | ~Q(etat="CLOS") & Q(clos_le__isnull=True, clos_par_usager=False),
                name="echange_clos_avec_date",
                violation_error_message="Un échange clos dit quand.",
            ),
            models.CheckConstraint(
                condition=Q(etat__in=["ENVOYE", "PRIS_EN_CHARGE"], attend_le__isnull=False)
                | ~Q(etat__in=["ENVOYE", "PRIS_EN_CHARGE"]) & Q(attend_le__isnull=True),
                name="echange_attend_avec_date",
                violation_error_message="Un échange qui attend une réponse dit depuis quand.",
            ),
        ]

    def __str__(self) -> str:
        return self.objet

    def passer(self, etat: str, maintenant: datetime, *, par_usager: bool = False) -> None:
        """Enter this state, with the dates that go with it; who waits already goes on waiting. The caller saves."""
        attend = etat in self.ATTENDENT_LE_SERVICE
        clos = etat == self.Etat.CLOS
        self.etat = etat
        self.attend_le = (self.attend_le or maintenant) if attend else None
        self.clos_le = maintenant if clos else None
        self.clos_par_usager = clos and par_usager

    CHAMPS_D_ETAT: Final = ("etat", "attend_le", "clos_le", "clos_par_usager")
    """What `passer` changes."""


class Message(models.Model):
    """One message of an exchange, written by an espace, by an agent, or by the portal itself (both empty).

    `interne`: a note between agents, never shown outside. `pret_le` is empty while a file of it waits to be analysed: its
    author alone sees it until then.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    echange = models.ForeignKey(Echange, models.PROTECT, related_name="messages", db_index=False)
    espace = models.ForeignKey(Espace, models.PROTECT, null=True, blank=True, related_name="messages")
    agent = models.ForeignKey("accounts.Agent", models.PROTECT, null=True, blank=True, related_name="messages")
    texte = models.TextField("texte", max_length=LONGUEUR_TEXTE)
    interne = models.BooleanField("note interne", default=False)
    demande_piece = models.BooleanField("demande une pièce", default=False)
    envoye_le = models.DateTimeField("envoyé le", default=timezone.now)
    pret_le = models.DateTimeField("remis le", null=True, blank=True, default=timezone.now)

    class Meta:
        verbose_name = "message"
        ordering = ["envoye_le", "pk"]
        indexes = [
            models.Index(fields=["echange", "envoye_le", "id"], name="message_fil"),
            models.Index(fields=["envoye_le", "id"], name="message_attend", condition=Q(pret_le__isnull=True)),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(espace__isnull=True) | Q(agent__isnull=True),
                name="message_un_auteur",
                violation_error_message="Un message a un seul auteur.",
            ),
            models.CheckConstraint(
                condition=Q(interne=False) | Q(agent__isnull=False),
                name="message_interne_d_un_agent",
                violation_error_message="Une note interne est d’un agent.",
            ),
            models.CheckConstraint(
                condition=Q(demande_piece=False) | Q(agent__isnull=False, interne=False),
                name="message_demande_d_un_agent",
                violation_error_message="Seul un agent demande une pièce, à l’entreprise.",
            ),
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

    @property
    def par(self) -> str:
        """Return the name of who has read: of the company, or of the office."""
        espace, agent = getattr(self.lecteur, "espace", None), getattr(self.lecteur, "agent", None)
        return espace.nom_complet if espace is not None else str(agent or "")


class MessageNonLu(models.Model):
    """A message that somebody has not read: written when it arrives, for whoever could read it then.

    The row goes with the read receipt, by a trigger (services/0015): so that what is unread is counted without going through
    all that was read. `echange` and `personne` are those of its message, for the index that counts them: triggers alone write
    them, and follow an exchange to another personne (services/0023). No constraint of their own: the message holds both.
    """

    message = models.ForeignKey(Message, models.CASCADE, related_name="non_lus", db_index=False)
    lecteur = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False)
    echange = models.ForeignKey(
        Echange, models.DO_NOTHING, related_name="+", db_index=False, db_constraint=False, editable=False
    )
    personne = models.ForeignKey(
        PersonneSirenisee, models.DO_NOTHING, related_name="+", db_index=False, db_constraint=False, editable=False
    )

    class Meta:
        verbose_name = "message non lu"
        verbose_name_plural = "messages non lus"
        indexes = [models.Index(fields=["lecteur", "personne", "echange"], name="non_lu_par_personne")]
        constraints = [
            models.UniqueConstraint(
                fields=["message", "lecteur"],
                name="non_lu_unique",
                violation_error_message="Ce message attend déjà d’être lu.",
            )
        ]

    def __str__(self) -> str:
        return "non lu"


class Brouillon(models.Model):
    """What somebody has begun to write, his alone: for a personne a new exchange, or an answer to `echange`; an agent's answer to it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    espace = models.ForeignKey(Espace, models.CASCADE, null=True, blank=True, related_name="brouillons", db_index=False)
    agent = models.ForeignKey("accounts.Agent", models.CASCADE, null=True, blank=True, related_name="brouillons")
    personne = models.ForeignKey(PersonneSirenisee, models.CASCADE, related_name="brouillons")
    echange = models.ForeignKey(Echange, models.CASCADE, null=True, blank=True, related_name="brouillons")
    theme = models.CharField("thème", max_length=30, blank=True)
    objet = models.CharField("objet", max_length=LONGUEUR_OBJET, blank=True)
    texte = models.TextField("texte", max_length=LONGUEUR_TEXTE, blank=True)
    modifie_le = models.DateTimeField("modifié le", default=timezone.now)

    class Meta:
        verbose_name = "brouillon"
        ordering = ["-modifie_le", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["espace", "agent", "personne", "echange"],
                nulls_distinct=False,
                name="brouillon_un_seul",
                violation_error_message="Vous avez déjà un brouillon pour cet échange.",
            ),
            models.CheckConstraint(
                condition=Q(espace__isnull=False, agent__isnull=True)
                | Q(espace__isnull=True, agent__isnull=False, echange__isnull=False),
                name="brouillon_un_auteur",
                violation_error_message="Un brouillon a un seul auteur ; celui d’un agent répond à un échange.",
            ),
        ]

    def __str__(self) -> str:
        return f"brouillon du {jour(self.modifie_le)}"


class PieceJointe(models.Model):
    """A file of a draft, then of the message that it became; its content is encrypted outside the database.

    Its key is its own, kept here encrypted for this row alone under the keys of CLE_CHIFFREMENT.
    """

    class Analyse(models.TextChoices):
        A_FAIRE = "A_FAIRE", "contrôle en cours"
        SAINE = "SAINE", "contrôlée"
        NON_ANALYSEE = "NON_ANALYSEE", "non analysée"
        QUARANTAINE = "QUARANTAINE", "refusée"
        ILLISIBLE = "ILLISIBLE", "illisible"

    ECARTEES: Final = (Analyse.QUARANTAINE, Analyse.ILLISIBLE)
    """Set aside: nobody opens it, and a draft that holds it does not leave."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    brouillon = models.ForeignKey(
        Brouillon, models.CASCADE, null=True, blank=True, related_name="pieces_jointes", editable=False
    )
    message = models.ForeignKey(
        Message, models.CASCADE, null=True, blank=True, related_name="pieces_jointes", editable=False
    )
    nom = models.CharField("nom du fichier", max_length=120)
    type_mime = models.CharField("type", max_length=80)
    taille = models.PositiveIntegerField("taille, en octets")
    fichier = models.CharField("nom dans le dépôt", max_length=120, editable=False)
    cle = models.CharField("clé de chiffrement", max_length=160, editable=False)
    empreinte = models.CharField("empreinte de ce qui est gardé", max_length=64, editable=False)
    analyse = models.CharField("analyse", max_length=12, choices=Analyse, default=Analyse.A_FAIRE)
    analysee_le = models.DateTimeField("analysée le", null=True, blank=True)
    essai_le = models.DateTimeField("analyse essayée le", null=True, blank=True, editable=False)
    muette_depuis = models.DateTimeField("sans verdict depuis", null=True, blank=True, editable=False)
    posee_le = models.DateTimeField("jointe le", default=timezone.now)

    class Meta:
        verbose_name = "pièce jointe"
        verbose_name_plural = "pièces jointes"
        ordering = ["posee_le", "pk"]
        indexes = [
            models.Index(
                fields=["analyse", "posee_le"],
                name="piece_a_analyser",
                condition=Q(analyse__in=["A_FAIRE", "NON_ANALYSEE"]),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(cle__regex=r"^[0-9a-f]{8}[.][-_=0-9A-Za-z]{80}$", empreinte__regex=r"^[0-9a-f]{64}$"),
                name="piece_chiffree",
                violation_error_message="Cette pièce n’est pas gardée chiffrée.",
            ),
            models.CheckConstraint(
                condition=Q(brouillon__isnull=True, message__isnull=False)
                | Q(brouillon__isnull=False, message__isnull=True),
                name="piece_d_un_seul",
                violation_error_message="Une pièce est d’un brouillon ou d’un message.",
            ),
            models.CheckConstraint(
                condition=Q(taille__gt=0),
                name="piece_non_vide",
                violation_error_message="Un fichier vide n’est pas gardé.",
            ),
            models.CheckConstraint(
                condition=Q(analyse="A_FAIRE", analysee_le__isnull=True)
                | ~Q(analyse="A_FAIRE") & Q(analysee_le__isnull=False),
                name="piece_analysee_avec_date",
                violation_error_message="Une pièce analysée dit quand.",
            ),
        ]

    def __str__(self) -> str:
        return self.nom

    def sceller_cle(self, cle: bytes) -> None:
        """Keep the key of its file under the newest key; the caller saves."""
        self.cle = sceller(cle, ligne=self.ligne)

    def desceller_cle(self) -> bytes:
        """Return the key of its file. Raises: accounts.chiffrement.SecretIllisible."""
        return desceller(self.cle, ligne=self.ligne)

    @property
    def se_telecharge(self) -> bool:
        """Whether it is served: sound, or not analysed where nothing is."""
        return self.analyse == self.Analyse.SAINE or (
            self.analyse == self.Analyse.NON_ANALYSEE and settings.ANTIVIRUS == "aucun"
        )

    @property
    def controle(self) -> str:
        """What is read of its scan, beside its name and size; a holder reads nothing of one that is served `sans_controle`."""
        if self.se_telecharge:
            if self.analyse == self.Analyse.SAINE:
                return "contrôlé"
            return "non analysé par un antivirus"
        match self.analyse:
            case self.Analyse.QUARANTAINE:
                return "écarté par l’antivirus : personne ne peut l’ouvrir"
            case self.Analyse.ILLISIBLE:
                return "illisible : le contrôle n’a pas pu le lire, personne ne peut l’ouvrir"
            case _:
                return "contrôle en cours : il se téléchargera ensuite"

    @property
    def sans_controle(self) -> bool:
        """Whether it is served although nothing has scanned it: whoever receives it from outside is told to be careful."""
        return self.se_telecharge and self.analyse == self.Analyse.NON_ANALYSEE

    @property
    def ligne(self) -> str:
        """What binds its key and what its file says to this row."""
        return f"services.piecejointe|{self.pk}"

    @property
    def a_rechiffrer(self) -> bool:
        return not self.cle.startswith(f"{cle_courante()}.")


class ModeleDeReponse(models.Model):
    """A text that agents start their answers from: of one office or of all, for one theme or for all."""

    service_gestionnaire = models.ForeignKey(
        ServiceGestionnaire,
        models.CASCADE,
        null=True,
        blank=True,
        verbose_name="service gestionnaire",
        related_name="modeles_de_reponse",
    )
    theme = models.CharField("thème", max_length=30, blank=True)
    titre = models.CharField("titre", max_length=80)
    texte = models.TextField("texte", max_length=LONGUEUR_TEXTE)

    class Meta:
        verbose_name = "modèle de réponse"
        verbose_name_plural = "modèles de réponse"
        ordering = ["titre", "pk"]

    def __str__(self) -> str:
        return self.titre
