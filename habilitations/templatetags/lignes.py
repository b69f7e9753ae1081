"""What each line of a list of habilitations repeats, twenty-five times a page: made here in one go, without a template of its own."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from ..lectures.partage import ETATS, EXPIREE
from ..models import Habilitation

register = template.Library()

CASE = (
    '<input type="checkbox" name="habilitations" value="{0}" id="h-{0}" aria-label="{3}, {4}, {2}"{1}>'
    '<label class="fr-label" for="h-{0}">{3}</label>'
)
DECISION = (
    '<label class="fr-sr-only" for="ligne-{0}">Décision pour {1}, {2}, {3}</label>'
    '<select class="fr-select" id="ligne-{0}" name="ligne-{0}"><option value="">Plus tard</option>'
    '<option value="garder"{4}>{5}</option><option value="retirer"{6}>Retirer</option></select>'
)


@register.simple_tag
def case(habilitation: Habilitation, cochees: Any) -> SafeString:
    """Return the box that chooses this line, with the name of its company; its cell bears the classes of a group of boxes.

    The box's own name is unique in the page: company, service, person. `cochees` is a habilitations.views.coches.Cochees.
    """
    return format_html(
        CASE,
        habilitation.pk,
        mark_safe(" checked") if habilitation.pk in cochees.cles else "",
        habilitation.espace.nom_complet,
        habilitation.personne.denomination,
        habilitation.service.libelle,
    )


@register.simple_tag
def etat(habilitation: Habilitation, expirees: Collection[UUID]) -> SafeString:
    """Return the state of this line, as a badge where it is not the usual one; `expirees` are those whose last day is past."""
    code = EXPIREE if habilitation.pk in expirees else habilitation.etat
    if code == Habilitation.Etat.ACTIVE:
        return format_html("{}", dict(ETATS)[code].capitalize())
    return format_html('<p class="fr-badge fr-badge--no-icon fr-badge--warning">{}</p>', dict(ETATS)[code])


@register.simple_tag
def decision(habilitation: Habilitation, garder: str, choix: str) -> SafeString:
    """Return the choice on one line of a review: `garder` is the label of « keep », `choix` what was chosen."""
    pose = mark_safe(" selected")
    return format_html(
        DECISION,
        habilitation.pk,
        habilitation.espace.nom_complet,
        habilitation.personne.denomination,
        habilitation.service.libelle,
        pose if choix == "garder" else "",
        garder,
        pose if choix == "retirer" else "",
    )
