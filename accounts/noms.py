"""Names and other short texts that people type about themselves."""

import unicodedata

from .regles import RegleMetier


class TexteIllisible(RegleMetier):
    code = "texte_illisible"
    message = "Ce texte contient un caractère invisible ou de contrôle : saisissez-le de nouveau au clavier."


def normaliser_texte(saisie: str) -> str:
    """Return the text in NFC, trimmed, inner white space folded, the typographic apostrophe made plain.

    Raises TexteIllisible for control, bidirectional, private or unassigned characters: they make one name look like
    another (Unicode TR36).
    """
    texte = " ".join(unicodedata.normalize("NFC", saisie).replace("\u2019", "'").split())
    if any(unicodedata.category(c) in {"Cc", "Cf", "Co", "Cn", "Cs"} for c in texte):
        raise TexteIllisible
    return texte


def pour_comparer(nom: str) -> str:
    """Return a name as it is compared: without case, accents, spaces or punctuation (`L'Hermite` = `lhermite`)."""
    decompose = unicodedata.normalize("NFKD", nom.casefold())
    return "".join(c for c in decompose if c.isalnum())
