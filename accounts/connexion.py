"""Signing in with an address and a password."""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.hashers import check_password, make_password
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from .models import Compte


class CompteBackend(ModelBackend):
    """Checks the password of an active account; an unknown or inactive one costs the same time."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> Compte | None:
        """Return the account, or None. Never says why (ANSSI-PG-078 R14)."""
        if username is None or password is None:
            return None
        compte = Compte.objects.filter(email__iexact=username.strip()).first()
        if compte is None:
            make_password(password)
            return None
        if not compte.has_usable_password():
            make_password(password)
            return None
        if not check_password(password, compte.password) or not compte.is_active:
            return None
        return compte

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        """Rights on a SIREN belong to HabilitationBackend; here only the agents' model permissions, without object."""
        return obj is None and super().has_perm(user_obj, perm)


def reponse_verrouillee(request: HttpRequest, *_: Any, **__: Any) -> HttpResponse:
    """The page of somebody who tried too often: it says the same whether the account exists or not."""
    return render(request, "accounts/trop_d_essais.html", status=429)
