"""The one way in which a page and a mail write a SIREN: by threes."""

from django import template

from ..documents.typst import siren_lisible

register = template.Library()
register.filter("siren_lisible", siren_lisible)
