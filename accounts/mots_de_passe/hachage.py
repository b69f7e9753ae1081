"""Password hashing: Argon2id keyed with a pepper that is not in the database (design.md §3, references.md D.1)."""

import hashlib
import hmac
import unicodedata

from django.conf import settings
from django.contrib.auth.hashers import Argon2PasswordHasher, check_password, make_password

from .saturation import place_de_hachage


def _poivrer(secret: str) -> str:
    """Return the hex HMAC-SHA256 of the NFKC form under the pepper: what Argon2 receives."""
    texte = unicodedata.normalize("NFKC", secret).encode("utf-8", "surrogatepass")
    return hmac.new(settings.POIVRE.encode(), texte, hashlib.sha256).hexdigest()


class Argon2Poivre(Argon2PasswordHasher):
    """Argon2id, 19 MiB, t=2, p=1 (OWASP first line), over the peppered password."""

    algorithm = "argon2poivre"
    time_cost = 2
    memory_cost = 19 * 1024
    parallelism = 1

    def encode(self, password: str, salt: str) -> str:
        with place_de_hachage():
            return super().encode(_poivrer(password), salt)

    def verify(self, password: str, encoded: str) -> bool:
        with place_de_hachage():
            return super().verify(_poivrer(password), encoded)


class Argon2Reponse(Argon2Poivre):
    """Argon2id, 64 MiB, t=3, p=1 for trust answers: fewer, weaker, so dearer (references.md B.6)."""

    algorithm = "argon2reponse"
    time_cost = 3
    memory_cost = 64 * 1024


def hacher_reponse(reponse_normalisee: str) -> str:
    """Return the hash of a normalised trust answer."""
    hacheur = Argon2Reponse()
    return hacheur.encode(reponse_normalisee, hacheur.salt())


def reponse_correspond(reponse_normalisee: str, empreinte: str) -> bool:
    """Whether the normalised answer is the one hashed, in constant time; an empty hash costs as much and says no."""
    hacheur = Argon2Reponse()
    if not empreinte:
        hacheur.encode(reponse_normalisee, hacheur.salt())
        return False
    return hacheur.verify(reponse_normalisee, empreinte)


__all__ = ["Argon2Poivre", "Argon2Reponse", "check_password", "hacher_reponse", "make_password", "reponse_correspond"]
