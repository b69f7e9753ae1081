"""Names and other short texts that people type about themselves."""

import re
import unicodedata

from .regles import RegleMetier


class TexteIllisible(RegleMetier):
    code = "texte_illisible"
    message = "Ce texte contient un caractère invisible ou de contrôle : saisissez-le de nouveau au clavier."


class NomInvalide(RegleMetier):
    code = "nom_invalide"
    message = (
        "Écrivez un nom avec des lettres, des espaces, des apostrophes et des traits d'union, et un espace après un point "
        "d'abréviation ; sans chiffre, adresse ni autre signe."
    )


# Beside letters and their marks, of any script. The middle dot is Catalan's (Gal·la).
_SIGNES_D_UN_NOM = frozenset(" '-.\u2010\u2011·")
_DOMAINE = re.compile(r"\.\w{2}")  # evil.example: mail readers make a link of it


def normaliser_texte(saisie: str) -> str:
    """Return the text in NFC, trimmed, inner white space folded, the typographic apostrophe made plain.

    Raises TexteIllisible for control, bidirectional, private or unassigned characters: they make one name look like
    another (Unicode TR36).
    """
    texte = " ".join(unicodedata.normalize("NFC", saisie).replace("\u2019", "'").split())
    if any(unicodedata.category(c) in {"Cc", "Cf", "Co", "Cn", "Cs"} for c in texte):
        raise TexteIllisible
    return texte


def normaliser_nom(saisie: str) -> str:
    """Return a person's name, normalised as `normaliser_texte` does; an empty one stays empty.

    Mails and letters carry it: no digit, sign or address makes it a message to whoever receives them.
    Raises: NomInvalide, TexteIllisible.
    """
    nom = normaliser_texte(saisie)
    permis = all(c in _SIGNES_D_UN_NOM or unicodedata.category(c)[0] in "LM" for c in nom)
    if nom and (not permis or _DOMAINE.search(nom) or not any(c.isalpha() for c in nom)):
        raise NomInvalide
    return nom


def pour_comparer(nom: str) -> str:
    """Return a name as it is compared: without case, accents, spaces or punctuation (`L'Hermite` = `lhermite`)."""
    decompose = unicodedata.normalize("NFKD", nom.casefold())
    return "".join(c for c in decompose if c.isalnum())
