"""Encrypts what a session must carry in clear text for some minutes (R5)."""

import base64
import hashlib
from functools import cache

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings


@cache
def _coffre() -> Fernet:
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(settings.CLE_CHIFFREMENT.encode()).digest()))


def chiffrer(texte: str) -> str:
    """Return the text encrypted and authenticated (Fernet), stamped with the time."""
    return _coffre().encrypt(texte.encode()).decode()


def dechiffrer(chiffre: str, *, duree_max: int) -> str | None:
    """Return the text, or None when it is older than `duree_max` seconds or was changed."""
    try:
        return _coffre().decrypt(chiffre.encode(), ttl=duree_max).decode()
    except InvalidToken:
        return None
