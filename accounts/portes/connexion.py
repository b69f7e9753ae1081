"""Signing in with an address and a password, and the second factor that an account may ask after it."""

import time
from typing import Any

from django.contrib.auth import login
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.hashers import make_password
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from ..compteurs import debit
from ..models import Compte, Espace
from ..models.compte import second_facteur
from ..models.constante import Colonnes, lire_une_ligne
from ..mots_de_passe.exigences import politique_exigee
from ..mots_de_passe.politique import CompteModifie, reconnaitre_mot_de_passe
from ..mots_de_passe.saturation import HachageSature
from ..saisies.adresse_saisie import forme_adresse
from ..sessions.ouvertures import retenir_le_navigateur
from .agents import peut_etre_un_agent
from .code_garde import lier_code

EN_ATTENTE = "connexion_en_attente"
EN_ATTENTE_DUREE = 600  # seconds between the password and the second factor
_COMPTE, _ESPACE = Colonnes(Compte, "c"), Colonnes(Espace, "e")
_QUI_EST_CONNECTE = (
    f"SELECT {_COMPTE.sql}, {_ESPACE.sql} FROM accounts_compte c"  # noqa: S608  # nosec B608 - our own columns
    " LEFT JOIN accounts_espace e ON e.compte_id = c.id WHERE c.id = %s"
)
VOIE = "accounts.portes.connexion.CompteBackend"


class CompteBackend(ModelBackend):
    """Checks the password of an active account; an unknown or inactive one costs the same time."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> Compte | None:
        """Return the account, or None. Never says why (ANSSI-PG-078 R14). Raises: HachageSature."""
        if username is None or password is None:
            return None
        essai = debit.essai_de(request)
        compte = essai.compte if essai is not None and essai.adresse == username else _lire(username)
        try:
            compte = self._verifier(compte, password)
        except HachageSature:
            debit.reussir(request)  # nothing was compared: the guess does not count
            raise
        if compte is not None and compte.is_staff and request is not None and not peut_etre_un_agent(request):
            return None  # an agent from elsewhere is answered, and counted, as who does not know the password
        if compte is not None and getattr(request, "user", None) == compte:
            debit.reussir(request)  # else the transaction that follows takes it back: `ouvrir`, `mettre_en_attente`
        return compte

    def _verifier(self, compte: Compte | None, mot_de_passe: str) -> Compte | None:
        if compte is None or not compte.has_usable_password():
            make_password(mot_de_passe)
            return None
        # check_password also writes the hash again when its parameters have aged.
        if not compte.check_password(mot_de_passe) or not compte.is_active:
            return None
        if compte.politique < politique_exigee().version:
            reconnaitre_mot_de_passe(acteur=compte, mot_de_passe=mot_de_passe)
        return compte

    def get_user(self, user_id: Any) -> Compte | None:
        """Return the active account of a session, with its espace: one query, which every page needs."""
        ligne = lire_une_ligne(_QUI_EST_CONNECTE, [user_id])
        compte = _COMPTE.objet(ligne[: len(_COMPTE.noms)]) if ligne is not None else None
        if ligne is None or compte is None or not self.user_can_authenticate(compte):
            return None
        espace = _ESPACE.objet(ligne[len(_COMPTE.noms) :])
        Compte.espace.related.set_cached_value(compte, espace)  # as `select_related` does
        if espace is not None:
            espace.compte = compte
        return compte

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        """Rights on a SIREN belong to HabilitationBackend; here only the agents' model permissions, without object."""
        return obj is None and super().has_perm(user_obj, perm)


def _lire(adresse: str) -> Compte | None:
    forme = forme_adresse(adresse)
    return None if forme is None else Compte.objects.a_la_connexion(forme)


def a_un_second_facteur(compte: Compte) -> bool:
    """Whether this account has a confirmed device, an application or a passkey."""
    with connection.cursor() as curseur:
        curseur.execute(f"SELECT {second_facteur()} FROM accounts_compte WHERE id = %s", [compte.pk])  # noqa: S608  # nosec B608 - a constant
        return bool((curseur.fetchone() or (False,))[0])


def ouvrir(*, acteur: Compte, request: HttpRequest) -> None:
    """Open the session of this account, in one transaction: its row, the sign-in, the browser that the account then knows.

    The guess is taken back there too. An agent's browser is known after the second factor only
    (accounts/portes/middleware.py). Raises: CompteModifie, before anything of the session is touched.
    """
    with transaction.atomic(durable=True):
        _dater(acteur)
        debit.reussir(request)
        login(request, acteur, backend=VOIE)
        if not acteur.is_staff:
            retenir_le_navigateur(request, acteur)
        request.session.save()


def _dater(acteur: Compte) -> None:
    """Date the sign-in, which locks the account to the end of the transaction, if it still is what was read before the hash.

    A usager who has proved no device must have none: one may have been added since. Raises: CompteModifie.
    """
    acteur.connexion_precedente, acteur.last_login = acteur.last_login, timezone.now()
    sql = "UPDATE accounts_compte SET last_login = %s WHERE id = %s AND is_active AND password = %s"
    if not acteur.is_staff and getattr(acteur, "otp_device", None) is None:
        sql += f" AND NOT {second_facteur()}"
    with connection.cursor() as curseur:
        curseur.execute(sql, [acteur.last_login, acteur.pk, acteur.password])
        if not curseur.rowcount:
            raise CompteModifie


def mettre_en_attente(request: HttpRequest, compte: Compte) -> None:
    """Remember, in a session that is still nobody's, whose second factor is awaited; the guess is taken back."""
    debit.reussir(request)
    request.session.cycle_key()
    lier_code(request, compte)
    request.session[EN_ATTENTE] = {
        "compte": str(compte.pk),
        "empreinte": compte.get_session_auth_hash(),
        "depuis": int(time.time()),
    }


def compte_en_attente(request: HttpRequest) -> Compte | None:
    """Return the account whose password was right and whose second factor is awaited, for ten minutes."""
    attente = request.session.get(EN_ATTENTE)
    if not attente or time.time() - attente["depuis"] > EN_ATTENTE_DUREE:
        return None
    compte = Compte.objects.filter(pk=attente["compte"], is_active=True).first()
    if compte is None or not constant_time_compare(attente["empreinte"], compte.get_session_auth_hash()):
        return None
    return compte


def conclure(*, acteur: Compte, request: HttpRequest, appareil: Any) -> None:
    """Open the session of an account whose password then second factor were right; its key is a new one."""
    request.session.pop(EN_ATTENTE, None)
    acteur.otp_device = appareil  # type: ignore[attr-defined]  # django-otp ties it to the session at sign-in
    ouvrir(acteur=acteur, request=request)


def reponse_verrouillee(request: HttpRequest, *_: Any, **__: Any) -> HttpResponse:
    """The page of a network that tried too often: it depends on no account."""
    reponse = render(request, "accounts/trop_d_essais.html", status=429)
    reponse["Retry-After"] = "3600"
    return reponse
