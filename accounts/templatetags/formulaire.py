"""`{% csrf_token %}` of every template: Django's token, and the stamp of a form of an espace (accounts/portes/saisie.py)."""

from typing import Any

from django import template
from django.template.context import Context
from django.template.defaulttags import CsrfTokenNode
from django.utils.html import format_html
from django.utils.safestring import SafeString

from ..portes.saisie import CHAMP, estampiller

register = template.Library()


@register.simple_tag(takes_context=True)
def csrf_token(context: Context) -> SafeString:
    """Render the hidden fields that every POST form carries."""
    jeton = CsrfTokenNode().render(context)
    request: Any = getattr(context, "request", None)
    estampille = estampiller(request) if request is not None else ""
    if not estampille:
        return SafeString(jeton)
    return format_html('{}<input type="hidden" name="{}" value="{}">', SafeString(jeton), CHAMP, estampille)
