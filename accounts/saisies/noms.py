"""Names and other short texts that people type about themselves."""

import re
import unicodedata

from .porte import TexteIllisible, est_un_trait, lire_ligne
from .regles import RegleMetier


class NomInvalide(RegleMetier):
    code = "nom_invalide"
    message = (
        "{fautif}Écrivez un nom avec des lettres, des espaces, des apostrophes et des traits d’union, et un espace après un point "
        "d’abréviation ; sans chiffre, adresse ni autre signe."
    )


# Beside letters and their marks, of any script. The middle dot is Catalan's (Gal·la).
_SIGNES_D_UN_NOM = frozenset(" '-.\u2010\u2011·")
_DOMAINE = re.compile(r"\.\w{2}")  # evil.example: mail readers make a link of it


def normaliser_texte(saisie: str) -> str:
    """Return the text as one line, through the door of typed text.

    Raises TexteIllisible for what no character is, and for private or unassigned ones, which show as nothing known.
    """
    texte = lire_ligne(saisie)
    if any(unicodedata.category(c) in {"Co", "Cn"} for c in texte):
        raise TexteIllisible
    return texte


def normaliser_nom(saisie: str) -> str:
    """Return a person's name, normalised as `normaliser_texte` does; an empty one stays empty.

    Mails and letters carry it: no digit, sign or address makes it a message to whoever receives them.
    Raises: NomInvalide, TexteIllisible.
    """
    nom = "".join(
        "-" if est_un_trait(c) and c not in _SIGNES_D_UN_NOM else c for c in normaliser_texte(saisie)
    )  # the dash that a word processor puts in the place of a hyphen
    refuse = next((c for c in nom if c not in _SIGNES_D_UN_NOM and unicodedata.category(c)[0] not in "LM"), "")
    if nom and (refuse or _DOMAINE.search(nom) or not any(c.isalpha() for c in nom)):
        raise NomInvalide(fautif=f"Le signe « {refuse} » n’est pas admis dans un nom. " if refuse else "")
    return nom
