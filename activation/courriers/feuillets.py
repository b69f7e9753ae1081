"""The PDFs that wait for the print shop: made once, kept encrypted until they are handed over.

They carry codes. Their key is derived from CLE_CODES, from which the codes are: whoever has it needs no PDF, and the database
alone opens none. Each is bound to its letter. Where one is missing, or the key was turned, the letter is made again.
"""

import secrets
from functools import cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db.models import QuerySet

from ..models import Courrier, Feuillet

NONCE = 12  # bytes (NIST SP 800-38D)


@cache
def _aes(cle: str) -> AESGCM:
    return AESGCM(HKDF(hashes.SHA256(), 32, salt=None, info=b"espacepro|feuillets").derive(cle.encode()))


def garder(courrier: Courrier, pdf: bytes) -> None:
    """Keep the PDF of this letter for its batch, inside the caller's transaction."""
    nonce = secrets.token_bytes(NONCE)
    scelle = nonce + _aes(settings.CLE_CODES).encrypt(nonce, pdf, str(courrier.pk).encode())
    Feuillet.objects.update_or_create(courrier=courrier, defaults={"scelle": scelle})


def relire(courrier: Courrier) -> bytes | None:
    """Return the PDF that was kept for this letter; None where there is none that this key opens."""
    scelle = Feuillet.objects.filter(courrier=courrier).values_list("scelle", flat=True).first()
    if scelle is None:
        return None
    try:
        return _aes(settings.CLE_CODES).decrypt(bytes(scelle[:NONCE]), bytes(scelle[NONCE:]), str(courrier.pk).encode())
    except InvalidTag:
        return None


def oublier(attendus: QuerySet[Courrier]) -> int:
    """Delete the PDFs of all letters but those that still wait; return how many."""
    efface, _ = Feuillet.objects.exclude(courrier__in=attendus).delete()
    return efface
