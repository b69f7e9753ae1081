"""Encryption under CLE_CHIFFREMENT: what a session carries in clear text for some minutes (R5), and secrets that rows keep.

Several keys may be given, so that the key can be turned: the first writes, all of them read.
"""

import base64
import hashlib
import hmac
import secrets
from functools import cache

from cryptography.exceptions import InvalidTag
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

NONCE = 12  # bytes (NIST SP 800-38D)


class SecretIllisible(Exception):
    """What a row keeps was changed, belongs to another row, or was written under a key that is not given any more."""


@cache
def _coffre(cles: tuple[str, ...], usage: str) -> MultiFernet:
    """Return the keys derived for this usage alone; those of before usages were told apart, for « »."""

    def deriver(cle: str) -> bytes:
        if not usage:
            return hashlib.sha256(cle.encode()).digest()
        return HKDF(hashes.SHA256(), 32, salt=None, info=f"espacepro|jeton|{usage}".encode()).derive(cle.encode())

    return MultiFernet([Fernet(base64.urlsafe_b64encode(deriver(cle))) for cle in cles])


def chiffrer(texte: str, *, usage: str) -> str:
    """Return the text encrypted and authenticated (Fernet) for this usage alone, stamped with the time."""
    return _coffre(tuple(settings.CLES_CHIFFREMENT), usage).encrypt(texte.encode()).decode()


def dechiffrer(chiffre: str, *, usage: str, duree_max: int, deja_garde: bool = False) -> str | None:
    """Return the text, or None when it is of another usage, older than `duree_max` seconds, or was changed.

    `deja_garde`: it comes from where we keep it (a session, the cache), never from a page; what was kept there before usages were
    told apart is read too.
    """
    for connu in (usage, "") if deja_garde else (usage,):
        try:
            lu = _coffre(tuple(settings.CLES_CHIFFREMENT), connu).decrypt(chiffre.encode(), ttl=duree_max)
        except InvalidToken:
            continue
        return lu.decode()
    return None


LIGNES = "lignes"
MISE_DE_COTE = "mise-de-cote"
"""What a disabled espace may get back for seven days: under keys of its own, which open nothing else (R15)."""


@cache
def _cle_de_ligne(cle: str, coffre: str = LIGNES) -> tuple[str, AESGCM]:
    """Return the id of a key, which tells nothing of it, and the AES-256-GCM key derived from it for these rows."""

    def deriver(usage: bytes, longueur: int) -> bytes:
        info = f"espacepro|{coffre}|".encode() + usage
        return HKDF(hashes.SHA256(), longueur, salt=None, info=info).derive(cle.encode())

    return deriver(b"numero", 4).hex(), AESGCM(deriver(b"chiffrement", 32))


def cle_courante() -> str:
    """Return the id of the key that writes."""
    return _cle_de_ligne(settings.CLES_CHIFFREMENT[0])[0]


def sceller(clair: bytes, *, ligne: str, coffre: str = LIGNES) -> str:
    """Return `clair` encrypted for this row alone: `<key id>.<nonce and AES-GCM text, in base64>`.

    `ligne` names the row: it is the associated data, so that the text put elsewhere opens nothing. `coffre`: whose keys.
    """
    numero, aes = _cle_de_ligne(settings.CLES_CHIFFREMENT[0], coffre)
    nonce = secrets.token_bytes(NONCE)
    return f"{numero}.{base64.urlsafe_b64encode(nonce + aes.encrypt(nonce, clair, ligne.encode())).decode()}"


def desceller(scelle: str, *, ligne: str, coffre: str = LIGNES) -> bytes:
    """Return what was encrypted for this row. Raises: SecretIllisible."""
    numero, _, texte = scelle.partition(".")
    aes = dict(_cle_de_ligne(cle, coffre) for cle in settings.CLES_CHIFFREMENT).get(numero)
    if aes is None:
        raise SecretIllisible(f"no key {numero!r} in CLE_CHIFFREMENT")
    try:
        octets = base64.urlsafe_b64decode(texte)
        return aes.decrypt(octets[:NONCE], octets[NONCE:], ligne.encode())
    except (InvalidTag, ValueError) as erreur:
        raise SecretIllisible("changed, or of another row") from erreur


def empreinte(clair: str, *, usage: str) -> str:
    """Return what tells that two secrets of this usage are the same, and nothing else of them, without the key.

    Keyed from POIVRE, which never turns: CLE_CHIFFREMENT does, and no fingerprint is made anew.
    """
    cle = hmac.digest(settings.POIVRE.encode(), f"empreinte|{usage}".encode(), "sha256")
    return hmac.digest(cle, clair.encode(), "sha256").hex()
