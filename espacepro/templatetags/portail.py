"""What the components of `templates/composants/` need and the template language lacks."""

from collections.abc import Iterable, Iterator
from typing import Any

from django import template
from django.core.paginator import Page
from django.forms import BoundField, ChoiceField, FileInput, PasswordInput
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from dsfr.utils import dsfr_input_class_attr

from services.models import Service

from ..journal.libelles import libelle_acte

register = template.Library()
register.filter("libelle_acte", libelle_acte)


@register.simple_tag
def noms_des_services(lignes: Iterable[Any]) -> dict[str, str]:
    """Return what the services of these lines are called, by the code that each has in `service`: one query, none where none has."""
    codes = {ligne.service for ligne in lignes if ligne.service}
    return dict(Service.objects.filter(code__in=codes).values_list("code", "libelle")) if codes else {}


@register.filter
def libelle_service(code: str, noms: dict[str, str]) -> str:
    """Return the name of this service, its code where the catalogue has it no more."""
    return noms.get(code, code)


@register.filter
def champ_decrit(champ: BoundField) -> SafeString:
    """Render the widget of `champ`, tied to its hint, its error and whatever its own `aria-describedby` names.

    DSFR alone ties the error and drops the hint as soon as there is one.
    """
    identifiants = str(champ.field.widget.attrs.get("aria-describedby", "")).split()
    if champ.help_text:
        identifiants.append(f"{champ.auto_id}_helptext")
    if champ.errors:
        identifiants.append(f"{champ.auto_id}-desc-error")
    dsfr_input_class_attr(champ)
    if isinstance(champ.field.widget, FileInput):
        champ.field.widget.attrs.setdefault("class", "fr-upload")
    elif isinstance(champ.field.widget, PasswordInput):
        champ.field.widget.attrs["class"] = "fr-password__input fr-input"  # the hook of DSFR's « Afficher »
    decrit_par = " ".join(dict.fromkeys(identifiants))
    return champ.as_widget(attrs={"aria-describedby": decrit_par} if decrit_par else {})


@register.filter
def se_dit_facultatif(champ: BoundField) -> bool:
    """Whether « (facultatif) » stands beside its label: where nothing may be left there, whatever else is answered.

    Not beside a list whose empty choice is itself an answer (« Comme pour toutes »), nor beside what another answer of the form
    makes compulsory (`FormulairePortail.conditionnels`).
    """
    if champ.field.required or champ.name in getattr(champ.form, "conditionnels", ()):
        return False
    choix: Any = champ.field.choices if type(champ.field) is ChoiceField else ()
    return not any(valeur == "" and dit for valeur, dit in choix)


@register.filter
def ancre_champ(champ: BoundField) -> str:
    """Return the id of the element to focus in order to correct `champ`: the first option of a group."""
    return champ.id_for_label or f"{champ.auto_id}_0"


@register.filter
def pages_proches(page: Page) -> Iterator[int | str]:
    """Return the page numbers to show around `page`, with an ellipsis where some are left out."""
    return page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1)


@register.simple_block_tag
def carte(content: str, titre: str = "", ancre: str = "", derniere: bool = False) -> SafeString:
    """Render what stands between the tags as a card (composants/carte.html)."""
    return render_to_string(
        "composants/carte.html", {"contenu": content, "titre": titre, "ancre": ancre, "derniere": derniere}
    )


@register.simple_block_tag
def plus_de_filtres(content: str, *valeurs: object) -> SafeString:
    """Fold on a telephone the filters that stand between the tags, and say how many of these values are set."""
    contexte = {"contenu": content, "actifs": sum(bool(valeur) for valeur in valeurs)}
    return render_to_string("composants/plus_de_filtres.html", contexte)
