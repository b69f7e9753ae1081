"""What a JSON column holds, as facts that an agent reads: a label and its words on each line, never JSON (issue 14, item 8)."""

from collections.abc import Mapping

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString


def en_faits(faits: Mapping[str, object]) -> SafeString:
    """Return these facts as a list of labels and words; what is empty is left out."""
    dits = [(libelle, mots) for libelle, valeur in faits.items() if (mots := en_mots(valeur))]
    if not dits:
        return SafeString("")
    lignes = format_html_join("", "<div><dt>{}</dt><dd>{}</dd></div>", dits)
    return format_html('<dl class="gestion-faits">{}</dl>', lignes)


def en_mots(valeur: object) -> str:
    """Return one value as it is read: a list with commas, yes or no, nothing for what is empty."""
    if isinstance(valeur, bool):
        return "oui" if valeur else "non"
    if isinstance(valeur, Mapping):
        return ", ".join(f"{en_libelle(str(cle))} : {mots}" for cle, dit in valeur.items() if (mots := en_mots(dit)))
    if isinstance(valeur, list | tuple):
        return ", ".join(filter(None, map(en_mots, valeur)))
    return "" if valeur is None else str(valeur)


def en_libelle(cle: str) -> str:
    """Return a key as a label, where it has no words of its own."""
    return cle.replace("_", " ").capitalize() if cle.islower() else cle
