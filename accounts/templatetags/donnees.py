"""How « Mes données » shows what it holds."""

from collections.abc import Sequence

from django import template

from ..donnees.lecture import Section
from ..donnees.lecture import en_clair as ecrire
from ..donnees.retention import Conservation, regle_de

register = template.Library()


@register.filter
def en_clair(valeur: object) -> str:
    """Return a value as a French reader expects it."""
    return ecrire(valeur)


@register.simple_tag
def vides(sections: Sequence[Section]) -> list[str]:
    """Return the titles of the parts that hold nothing."""
    return [section.partie.titre for section in sections if not section.lignes]


@register.simple_tag
def conservation(section: Section) -> Conservation | None:
    """Return why what this part shows is kept, and how long."""
    return regle_de(section.partie.modele)
