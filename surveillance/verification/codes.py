"""The one-time code of a verification: eight digits, derived like a link's token, so that no table holds it (style.md, Secrets)."""

import hashlib
import hmac
from typing import Final

from django.conf import settings
from django.utils.crypto import constant_time_compare

from ..models import Verification

CHIFFRES: Final = 8
TEMOIN: Final = f"{'__Host-' if settings.SESSION_COOKIE_SECURE else ''}verification"
"""The cookie of the browser that asked for a code."""


def code_de(verification: Verification) -> str:
    """Return the last code of this verification: it changes with each mail, and with the browser that asked for it."""
    message = f"verification|{verification.pk}|{verification.envois}|{verification.navigateur}".encode()
    sceau = hmac.new(settings.CLE_CODES.encode(), message, hashlib.sha256).digest()
    return f"{int.from_bytes(sceau) % 10**CHIFFRES:0{CHIFFRES}d}"


def est_le_code(verification: Verification, code: str) -> bool:
    """Whether this is the last code of the verification, compared in constant time."""
    return constant_time_compare(code_de(verification), code)


def empreinte_du_navigateur(secret: str) -> str:
    """Return what the row keeps of the browser that asked: the SHA-256 of the secret in its cookie."""
    return hashlib.sha256(secret.encode()).hexdigest() if secret else ""
