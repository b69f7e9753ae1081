"""The question de confiance (R4, CGU §2.4; references.md B.6)."""

import secrets
import unicodedata
from functools import cache
from pathlib import Path

from zxcvbn import zxcvbn

from .noms import pour_comparer
from .regles import RegleMetier

LONGUEUR_MINIMALE = 10
ESSAIS_LOG10 = 8  # guesses an attacker needs, as zxcvbn counts them
LONGUEUR_ZXCVBN = 72
MOTS_PROPOSES = 4


class ReponseTropCourte(RegleMetier):
    code = "reponse_trop_courte"
    message = "La réponse doit compter au moins {minimum} lettres ou chiffres (espaces et accents ne comptent pas)."


class ReponseDevinable(RegleMetier):
    code = "reponse_devinable"
    message = (
        "Cette réponse est trop facile à deviner. Écrivez plusieurs mots sans lien avec vous, "
        "ou gardez la réponse proposée."
    )


class ReponseRevelatrice(RegleMetier):
    code = "reponse_revelatrice"
    message = "La réponse ne doit contenir ni votre nom, ni votre adresse, ni votre SIREN, ni votre mot de passe."


def normaliser_reponse(saisie: str) -> str:
    """Return the answer as it is hashed: NFKC, no case, no accents, only letters and digits (references.md B.6)."""
    texte = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", saisie).casefold())
    return "".join(c for c in unicodedata.normalize("NFKC", texte) if c.isalnum())


def verifier_reponse(saisie: str, *, personnels: list[str], mot_de_passe: str = "") -> str:
    """Return the normalised answer when it is strong enough.

    `personnels` are the person's own words (names, address, SIREN).
    Raises: ReponseTropCourte, ReponseRevelatrice, ReponseDevinable.
    """
    reponse = normaliser_reponse(saisie)
    if len(reponse) < LONGUEUR_MINIMALE:
        raise ReponseTropCourte(minimum=LONGUEUR_MINIMALE)
    for mot in [*personnels, mot_de_passe]:
        compare = pour_comparer(mot)
        if len(compare) >= 4 and (compare in reponse or reponse in compare):
            raise ReponseRevelatrice
    essais = zxcvbn(reponse[:LONGUEUR_ZXCVBN], user_inputs=personnels)["guesses_log10"]
    if essais < ESSAIS_LOG10:
        raise ReponseDevinable
    return reponse


@cache
def _mots() -> tuple[str, ...]:
    """The words that proposed answers are made of: French, without accents, five to eight letters."""
    fichier = Path(__file__).parent / "dictionnaires" / "francais.txt"
    return tuple(mot for mot in fichier.read_text(encoding="ascii").split() if mot.isalpha() and 5 <= len(mot) <= 8)


def proposer_reponse() -> str:
    """Return a random answer of four French words, for those who have no better one."""
    return " ".join(secrets.choice(_mots()) for _ in range(MOTS_PROPOSES))
