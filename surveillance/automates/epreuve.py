"""How a person goes on from an address that is watched or blocked: a proof of work, and the pass that it gives (R17; CGU §3.7.b).

The browser computes for half a second (ALTCHA, PBKDF2/SHA-256: nothing that the CSP refuses, nothing sent elsewhere). A solution is
of one source address, for five minutes, and is computed and taken once, right or wrong: Redis holds which were. While Redis does not answer none is taken, since a
robot would send the same for ever; nobody is newly asked for one meanwhile, and a pass already given goes on.

A pass is a signed cookie of one hour, of that address. What comes with it is counted under it: too many marks, and it is worth no more.
"""

import base64
import json
import secrets
import time
from dataclasses import dataclass
from typing import Final

import altcha
from altcha.v2 import ChallengeParameters
from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts.saisies.regles import RegleMetier

from ..memoire import cle
from .releve import une_seule_fois

TEMOIN: Final = "humain"
DUREE_DU_PASSE: Final = 3600  # seconds
DUREE_DE_L_EPREUVE: Final = 300  # seconds
COUT: Final = 5000  # iterations of PBKDF2 for each of the 256 keys tried on average
_SEL: Final = "surveillance.automates.passe"


class EpreuveInvalide(RegleMetier):
    code = "epreuve_invalide"
    message = "La vérification n’a pas abouti, ou elle a plus de cinq minutes. Recommencez-la ci-dessous."


class EpreuveRejouee(RegleMetier):
    code = "epreuve_rejouee"
    message = "Cette vérification a déjà servi. Recommencez-la ci-dessous."


class EpreuveIndisponible(RegleMetier):
    code = "epreuve_indisponible"
    message = "La vérification ne peut pas se faire pour le moment. Réessayez dans quelques minutes."


@dataclass(frozen=True)
class Passe:
    """What a browser that has answered carries."""

    numero: str
    source: str

    @property
    def cle(self) -> str:
        return cle("passe", self.numero)

    def poser(self, reponse: HttpResponse) -> None:
        """Let it leave with this response."""
        reponse.set_cookie(
            nom_du_temoin(),
            signing.dumps([self.numero, self.source], salt=_SEL),
            max_age=DUREE_DU_PASSE,
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )


def nom_du_temoin() -> str:
    return f"{'__Host-' if settings.SESSION_COOKIE_SECURE else ''}{TEMOIN}"


def passe_de(request: HttpRequest, source: str) -> Passe | None:
    """Return the pass of this request, if it is ours, of this source and of less than an hour."""
    brut = request.COOKIES.get(nom_du_temoin(), "")
    if not brut:
        return None
    try:
        numero, de = signing.loads(brut, salt=_SEL, max_age=DUREE_DU_PASSE)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return Passe(numero, de) if constant_time_compare(de, cle("source", source)) else None


def donner_passe(source: str) -> Passe:
    """Return a new pass for what comes from this source."""
    return Passe(secrets.token_urlsafe(12), cle("source", source))


def _est_juste(preuve: str, signature: str) -> bool:
    """Whether this solution is right. The signature is of the canonical JSON, where 32.0 is 32, and what computes then takes no float.

    Raises: EpreuveRejouee, EpreuveIndisponible.
    """

    def deriver(parametres: ChallengeParameters, sel: bytes, essai: bytes) -> bytes:
        """Compute once for each challenge that we have signed: what is sent again, right or wrong, costs us nothing."""
        neuve = une_seule_fois(f"preuve:{signature}", secondes=2 * DUREE_DE_L_EPREUVE)
        if neuve is None:
            raise EpreuveIndisponible
        if not neuve:
            raise EpreuveRejouee
        return altcha.derive_key_pbkdf2(parametres, sel, essai)

    try:
        return altcha.verify_solution(preuve, _secret(), deriver).verified
    except (TypeError, ValueError, OverflowError, AttributeError, MemoryError):
        return False


def _lire(preuve: str) -> tuple[str, str]:
    """Return the source and the signature of the challenge that this answers, whoever made it. Raises: EpreuveInvalide."""
    try:
        epreuve = json.loads(base64.b64decode(preuve))["challenge"]
        return str(epreuve["parameters"]["data"]["source"]), str(epreuve["signature"])
    except (ValueError, KeyError, TypeError, RecursionError) as erreur:
        raise EpreuveInvalide from erreur


def _secret() -> str:
    return salted_hmac("surveillance.automates.epreuve", "", algorithm="sha256").hexdigest()


def proposer_epreuve(source: str) -> str:
    """Return a challenge for this source, as the widget takes it."""
    epreuve = altcha.create_challenge(
        "PBKDF2/SHA-256",
        COUT,
        expires_at=int(time.time()) + DUREE_DE_L_EPREUVE,
        data={"source": cle("source", source)},
        hmac_secret=_secret(),
    )
    return json.dumps(epreuve.to_dict())


def resoudre_epreuve(*, source: str, preuve: str) -> Passe:
    """Take this solution, once, and return the pass that it gives.

    Raises: EpreuveInvalide, EpreuveRejouee, EpreuveIndisponible.
    """
    if not 0 < len(preuve) < 4_000:
        raise EpreuveInvalide
    de, signature = _lire(preuve)
    if de != cle("source", source) or not _est_juste(preuve, signature):
        raise EpreuveInvalide
    return donner_passe(source)
