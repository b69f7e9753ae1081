"""What the fiches of the help are written with."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()
_TYPOGRAPHIE = str.maketrans({"'": "’"})


@register.simple_tag
def libelle(page: str, texte: str) -> SafeString:
    """Quote a label of `page` (a URL name, or the path of a template), exactly as it stands there; typography apart."""
    lisible = texte.translate(_TYPOGRAPHIE)
    for signe in ":;?!":
        lisible = lisible.replace(f" {signe}", f"\u00a0{signe}")
    return format_html('<span class="ep-libelle">«\u00a0{}\u00a0»</span>', lisible)
