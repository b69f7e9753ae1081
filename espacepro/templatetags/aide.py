"""What the fiches of the help are written with."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from ..typographie import francais

register = template.Library()


@register.simple_tag
def libelle(page: str, texte: str) -> SafeString:
    """Quote a label of `page` (a URL name, or the path of a template), exactly as it stands there; typography apart."""
    return format_html('<span class="ep-libelle">«\u00a0{}\u00a0»</span>', francais(texte))
