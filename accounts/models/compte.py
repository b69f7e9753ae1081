"""The sign-in of a natural person, and the hashes of the passwords it had."""

import uuid
from datetime import datetime
from functools import cache
from typing import Any, ClassVar

from django.contrib.auth.models import (  # type: ignore[attr-defined]  # _user_has_perm is not in the stubs
    AbstractBaseUser,
    BaseUserManager,
    PermissionsMixin,
    _user_has_perm,
)
from django.db import connection, models
from django.db.models.functions import Lower
from django.utils import timezone
from django_otp import device_classes

from ..saisies.adresse_saisie import forme_adresse
from ..saisies.adresses import LONGUEUR_ADRESSE
from ..saisies.dates import jour


@cache
def second_facteur() -> str:
    """The SQL condition that an account has a confirmed device, an application or a passkey: one for all kinds."""
    kinds = [
        f"EXISTS (SELECT 1 FROM {genre._meta.db_table} WHERE user_id = accounts_compte.id AND confirmed)"  # noqa: S608  # nosec B608 - names of tables
        for genre in device_classes()
    ]
    return f"({' OR '.join(kinds)})"


@cache
def _lecture_a_la_connexion() -> tuple[str, type[models.Model], list[str], list[str]]:
    """The one read of a sign-in, the model of the second row, and the fields of both: constant, every sign-in asks it."""
    espace: Any = Compte._meta.get_field("espace").related_model
    siens, ceux_de_l_espace = Compte._meta.concrete_fields, espace._meta.concrete_fields
    colonnes = [f"accounts_compte.{champ.column}" for champ in siens]
    colonnes += [f"accounts_espace.{champ.column}" for champ in ceux_de_l_espace]
    sql = (
        f"SELECT {', '.join(colonnes)}, {second_facteur()} FROM accounts_compte"  # noqa: S608  # nosec B608 - names of columns
        " LEFT JOIN accounts_espace ON accounts_espace.compte_id = accounts_compte.id"
        " WHERE LOWER(accounts_compte.email) = %s"
    )
    return sql, espace, [champ.attname for champ in siens], [champ.attname for champ in ceux_de_l_espace]


class CompteManager(BaseUserManager["Compte"]):
    """Creates accounts; the rules of who may create one are acts of `accounts/espace/inscription.py`."""

    def d_adresse(self, adresse: str) -> models.QuerySet["Compte"]:
        """The account of this address, however it is typed, through the index of its constraint.

        What is stored is in the one form of accounts/saisies/adresse_saisie.py, which what is typed is brought to.

        Django's `iexact` compares UPPER(): no index serves it, and a sign-in would read every account, the longer when
        the address is unknown.
        """
        forme = forme_adresse(adresse)
        return self.none() if forme is None else self.alias(adresse=Lower("email")).filter(adresse=forme)

    def a_la_connexion(self, forme: str) -> "Compte | None":
        """Return the account of this address in its one form, with all that a sign-in decides on: its espace, its second factor."""
        sql, modele, champs, champs_de_l_espace = _lecture_a_la_connexion()
        with connection.cursor() as curseur:
            curseur.execute(sql, [forme])
            ligne = curseur.fetchone()
        if ligne is None:
            return None
        compte = self.model.from_db(connection.alias, champs, ligne[: len(champs)])
        espace: Any = modele.from_db(connection.alias, champs_de_l_espace, ligne[len(champs) : -1])
        relation: Any = modele._meta.get_field("compte")
        relation.remote_field.set_cached_value(compte, None if espace.pk is None else espace)
        relation.set_cached_value(espace, compte)
        compte.a_un_second_facteur = ligne[-1]
        return compte

    def get_by_natural_key(self, username: str | None) -> "Compte":
        """Return the account of this address. Raises Compte.DoesNotExist."""
        return self.d_adresse(username or "").get()

    def creer(self, *, email: str, mot_de_passe: str, **champs: Any) -> "Compte":
        """Return a saved account. `email` must already be normalised (accounts/saisies/adresses.py)."""
        compte = self.model(email=email, mot_de_passe_change_le=timezone.now(), **champs)
        compte.set_password(mot_de_passe)
        compte.save(using=self._db)
        return compte


class Compte(AbstractBaseUser, PermissionsMixin):  # type: ignore[django-manager-missing]  # django-otp has no types
    """AUTH_USER_MODEL: what signs in. A usager has an Espace, an agent has an Agent; never both."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField("adresse électronique de connexion", max_length=LONGUEUR_ADRESSE)
    mot_de_passe_change_le = models.DateTimeField("mot de passe changé le", default=timezone.now)
    politique = models.PositiveSmallIntegerField("politique qui a accepté le mot de passe", default=1, editable=False)
    renouvellement_exige = models.BooleanField("renouvellement du mot de passe exigé", default=False)
    rappel_mot_de_passe = models.PositiveSmallIntegerField(
        "dernier rappel de renouvellement",
        default=0,
        editable=False,
        help_text="Étape de accounts/mots_de_passe/politique.py",
    )
    adresse_rejetee_le = models.DateTimeField("courriel rejeté le", null=True, blank=True, editable=False)
    verification_due_le = models.DateTimeField(
        "vérification restée sans réponse le",
        null=True,
        blank=True,
        editable=False,
        help_text="Écrit par surveillance/verification/ ; lu avec le compte à chaque connexion.",
    )
    is_active = models.BooleanField("actif", default=True)
    is_staff = models.BooleanField("agent", default=False)
    cree_le = models.DateTimeField("créé le", default=timezone.now, editable=False)

    a_un_second_facteur: bool  # as `a_la_connexion` read it
    connexion_precedente: datetime | None = None  # before the one that opens: none for the very first

    objects: ClassVar[CompteManager] = CompteManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = "compte"
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                name="compte_email_unique",
                violation_error_message="Cette adresse électronique est déjà utilisée par un espace.",
            )
        ]
        indexes = [
            models.Index(fields=["rappel_mot_de_passe", "mot_de_passe_change_le"]),
            models.Index(fields=["politique", "id"], name="compte_politique"),
        ]

    def __str__(self) -> str:
        return self.email

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        """Whether a backend gives it. On an object nobody is above the mandates: no shortcut for `is_superuser`."""
        return _user_has_perm(self, perm, obj) if obj is not None else super().has_perm(perm)


class AncienMotDePasse(models.Model):
    """One of the last five hashes of an account: none of them may come back (R3, CGU §3.2.e)."""

    compte = models.ForeignKey(Compte, models.CASCADE, related_name="anciens_mots_de_passe", db_index=False)
    empreinte = models.CharField(max_length=255)
    remplace_le = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = "ancien mot de passe"
        verbose_name_plural = "anciens mots de passe"
        ordering = ["-remplace_le"]
        indexes = [models.Index(fields=["compte", "-remplace_le"])]

    def __str__(self) -> str:
        return f"{self.compte} avant le {jour(self.remplace_le)}"
