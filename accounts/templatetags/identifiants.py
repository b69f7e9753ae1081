"""The one way in which a page and a mail write a SIREN, by threes, and a country, by its name."""

from django import template

from ..documents.typst import siren_lisible
from ..saisies.pays import nom_du_pays

register = template.Library()
register.filter("siren_lisible", siren_lisible)
register.filter("nom_du_pays", nom_du_pays)
