"""The one way in which a page and a mail write a SIREN, by threes, a country, by its name, and the size of a file."""

from django import template

from ..documents.typst import siren_lisible
from ..saisies.pays import nom_du_pays
from ..saisies.tailles import taille_lisible

register = template.Library()
register.filter("siren_lisible", siren_lisible)
register.filter("taille_lisible", taille_lisible)
register.filter("nom_du_pays", nom_du_pays)
