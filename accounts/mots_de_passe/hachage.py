"""Password hashing: Argon2id keyed with a pepper that is not in the database (design.md §3, references.md D.1)."""

import hashlib
import hmac

from django.conf import settings
from django.contrib.auth.hashers import Argon2PasswordHasher, check_password, make_password

from ..saisies.normalisation import normaliser_secret
from ..saisies.reponses import VERSION, formes_de
from .saturation import place_de_hachage


def _poivrer(secret: str) -> str:
    """Return the hex HMAC-SHA256 of the NFKC form under the pepper: what Argon2 receives."""
    texte = normaliser_secret(secret).encode("utf-8", "surrogatepass")
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
    """Argon2id, 64 MiB, t=3, p=1 for trust answers: fewer, weaker, so dearer (references.md B.6).

    Its name says the version of the form that was hashed (accounts/saisies/reponses.py).
    """

    algorithm = "argon2reponse2"
    time_cost = 3
    memory_cost = 64 * 1024


class Argon2ReponseForme1(Argon2Reponse):
    """The same over the first form of the answers."""

    algorithm = "argon2reponse"


def hacher_reponse(reponse_normalisee: str) -> str:
    """Return the hash of a trust answer in its present form."""
    hacheur = Argon2Reponse()
    return hacheur.encode(reponse_normalisee, hacheur.salt())


def reponse_correspond(saisie: str, empreinte: str) -> bool:
    """Whether the answer typed is the one hashed, in its form of then or of now.

    Two hashes, compared in constant time, whatever the version and the outcome; an empty hash costs as much and says no.
    """
    hacheur = _hacheur(empreinte)
    formes = formes_de(saisie, 1 if isinstance(hacheur, Argon2ReponseForme1) else VERSION)
    if not empreinte:
        for forme in formes:
            hacheur.encode(forme, hacheur.salt())
        return False
    premiere, seconde = (hacheur.verify(forme, empreinte) for forme in formes)  # both: neither hash is ever spared
    return premiere or seconde


def est_d_une_ancienne_forme(empreinte: str) -> bool:
    """Whether this hash was made with an older form of the answers: it is made again when the answer is given."""
    return isinstance(_hacheur(empreinte), Argon2ReponseForme1)


def _hacheur(empreinte: str) -> Argon2Reponse:
    ancienne = empreinte.startswith(f"{Argon2ReponseForme1.algorithm}$")
    return Argon2ReponseForme1() if ancienne else Argon2Reponse()


__all__ = [
    "Argon2Poivre",
    "Argon2Reponse",
    "check_password",
    "est_d_une_ancienne_forme",
    "hacher_reponse",
    "make_password",
    "reponse_correspond",
]
