"""Signing in with an address and a password, and the second factor that an account may ask after it."""

import time
from functools import reduce
from operator import or_
from typing import Any

from django.contrib.auth import login
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.crypto import constant_time_compare
from django_otp import device_classes

from ..compteurs import debit
from ..models import Compte
from ..mots_de_passe.exigences import politique_exigee
from ..mots_de_passe.politique import reconnaitre_mot_de_passe
from ..mots_de_passe.saturation import HachageSature
from ..sessions.ouvertures import retenir_le_navigateur
from .code_garde import lier_code

EN_ATTENTE = "connexion_en_attente"
EN_ATTENTE_DUREE = 600  # seconds between the password and the second factor
VOIE = "accounts.portes.connexion.CompteBackend"


class CompteBackend(ModelBackend):
    """Checks the password of an active account; an unknown or inactive one costs the same time."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> Compte | None:
        """Return the account, or None. Never says why (ANSSI-PG-078 R14). Raises: HachageSature."""
        if username is None or password is None:
            return None
        try:
            compte = self._verifier(username, password)
        except HachageSature:
            debit.reussir(request)  # nothing was compared: the guess does not count
            raise
        if compte is not None:
            debit.reussir(request)
        return compte

    def _verifier(self, adresse: str, mot_de_passe: str) -> Compte | None:
        compte = Compte.objects.d_adresse(adresse).select_related("espace").first()
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
        compte = Compte.objects.select_related("espace").filter(pk=user_id).first()
        return compte if compte is not None and self.user_can_authenticate(compte) else None

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        """Rights on a SIREN belong to HabilitationBackend; here only the agents' model permissions, without object."""
        return obj is None and super().has_perm(user_obj, perm)


def a_un_second_facteur(compte: Compte) -> bool:
    """Whether this account has a confirmed device, an application or a passkey: one query for all kinds."""
    confirmes = (Exists(genre.objects.filter(user=OuterRef("pk"), confirmed=True)) for genre in device_classes())
    return Compte.objects.filter(reduce(or_, confirmes), pk=compte.pk).exists()


def ouvrir(*, acteur: Compte, request: HttpRequest) -> None:
    """Open the session of this account, in one transaction: its row, the sign-in, the browser that the account then knows.

    An agent's browser is known after the second factor only (accounts/portes/middleware.py).
    """
    with transaction.atomic(durable=True):
        login(request, acteur, backend=VOIE)
        if not acteur.is_staff:
            retenir_le_navigateur(request, acteur)
        request.session.save()


def mettre_en_attente(request: HttpRequest, compte: Compte) -> None:
    """Remember, in a session that is still nobody's, whose second factor is awaited."""
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
