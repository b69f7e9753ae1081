"""What forms written in a template need: `{% csrf_token %}`, Django's token with the stamp of a form of an espace or an agent
(accounts/portes/saisie.py) or the marks of a visitor's (accounts/portes/marques.py), `{% clavier %}`, the attributes of a kind of field,
`{% options %}`, the choices of a list, and what a new password must meet."""

from collections.abc import Iterable
from typing import Any, Final

from django import template
from django.middleware.csrf import get_token
from django.template.context import Context
from django.template.defaulttags import CsrfTokenNode
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from ..forms.claviers import Clavier
from ..mots_de_passe.exigences import politique_exigee
from ..mots_de_passe.force import Exigence
from ..portes.marques import marquer
from ..portes.saisie import CHAMP, estampiller

register = template.Library()
CHOISI: Final = SafeString(" selected")


@register.simple_tag
def exigence_mot_de_passe() -> Exigence:
    """Return what a new password must meet today (CGU §3.2.d)."""
    return politique_exigee().exigence


@register.simple_tag(takes_context=True)
def csrf_token(context: Context) -> SafeString:
    """Render the hidden fields that every POST form carries.

    The token is the request's: a template included with `only` gets no variable, `csrf_token` neither.
    """
    request: Any = getattr(context, "request", None)
    if request is not None and "csrf_token" not in context:
        with context.push(csrf_token=get_token(request)):
            jeton = CsrfTokenNode().render(context)
    else:
        jeton = CsrfTokenNode().render(context)
    if request is None:
        return SafeString(jeton)
    estampille = estampiller(request)
    marques = SafeString(jeton + marquer(request))
    if not estampille:
        return marques
    return format_html('{}<input type="hidden" name="{}" value="{}">', marques, CHAMP, estampille)


@register.simple_tag
def clavier(genre: str) -> SafeString:
    """Render the attributes of a field of this kind (accounts/forms/claviers.py), each after a space."""
    return format_html_join("", ' {}="{}"', Clavier[genre].attributs.items())


@register.simple_tag
def options(couples: Iterable[tuple[object, object]], choisi: object = "") -> SafeString:
    """Render these values and their labels as the choices of a `<select>`, the chosen one selected: a hundred companies are one node."""
    return format_html_join(
        "",
        '<option value="{}"{}>{}</option>',
        ((valeur, CHOISI if valeur == choisi else "", libelle) for valeur, libelle in couples),
    )
