"""The French plural and elision, for every template (a built-in of the engine, espacepro/settings.py); the plural takes the place of Django's."""

from collections.abc import Sized
from typing import Any

from django import template
from django.template import defaultfilters

from ..saisies.elisions import de, elide, que

register = template.Library()
register.filter("de", de)
register.filter("que", que)


@register.filter
def particule(nom: object) -> str:
    """Return « de » with its space, or « d’ »: what stands before a name that a tag holds."""
    return elide("de", str(nom))


@register.filter(is_safe=False)
def pluralize(combien: Any, formes: str = "s") -> str:
    """Return the ending for so many, a number or what has a length: the plural begins at two (0 entreprise, 1,5 mètre)."""
    nombre = len(combien) if isinstance(combien, Sized) and not isinstance(combien, str) else combien
    try:
        pluriel = abs(float(nombre)) >= 2
    except (TypeError, ValueError):
        return ""
    return defaultfilters.pluralize(2 if pluriel else 1, formes)
