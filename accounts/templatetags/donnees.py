"""How « Vos données » shows what it holds."""

from collections.abc import Sequence

from django import template

from ..donnees.lecture import en_clair as ecrire

register = template.Library()
LONGUEUR_EN_BREF = 60


@register.filter
def en_clair(valeur: object) -> str:
    """Return a value as a French reader expects it."""
    return ecrire(valeur)


@register.filter
def en_bref(ligne: Sequence[tuple[str, object]]) -> str:
    """Return what names a row in a list: its first three values that are not a long text."""
    courtes = [texte for _, valeur in ligne if len(texte := ecrire(valeur)) < LONGUEUR_EN_BREF]
    return ", ".join(courtes[:3]) or "–"
