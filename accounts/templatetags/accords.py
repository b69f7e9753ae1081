"""The French plural, for every template (a built-in of the engine, espacepro/settings.py): it takes the place of Django's."""

from collections.abc import Sized
from typing import Any

from django import template
from django.template import defaultfilters

register = template.Library()


@register.filter(is_safe=False)
def pluralize(combien: Any, formes: str = "s") -> str:
    """Return the ending for so many, a number or what has a length: the plural begins at two (0 entreprise, 1,5 mètre)."""
    nombre = len(combien) if isinstance(combien, Sized) and not isinstance(combien, str) else combien
    try:
        pluriel = abs(float(nombre)) >= 2
    except (TypeError, ValueError):
        return ""
    return defaultfilters.pluralize(2 if pluriel else 1, formes)
