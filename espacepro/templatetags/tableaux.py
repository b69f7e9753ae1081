"""`{% tableau %}`: the table of every page (a built-in of the engine), that reads on a telephone too."""

import re

from django import template
from django.template.loader import render_to_string
from django.utils.html import strip_tags
from django.utils.safestring import SafeString

register = template.Library()
_BALISE = re.compile(r"<(/?)(thead|tbody|tr|th|td)\b([^>]*)>(\s*(?=</t[dh]>))?")
_TEXTE = re.compile(r"([^<]*(?:<(?!/th>)[^<]*)*)</th>")
ROLES = {"thead": "rowgroup", "tbody": "rowgroup", "tr": "row", "td": "cell"}


def empiler(lignes: str) -> str:
    """Return the rows of a table with what a narrow screen needs, where CSS stacks its cells: their roles, their heading (`data-l`).

    An empty cell is left without a blank, so that `:empty` finds it.
    """
    titres: list[str] = []
    rang, entete = 0, False

    def balise(trouve: re.Match[str]) -> str:
        nonlocal rang, entete
        ferme, nom, attributs, _ = trouve.groups()
        if nom == "thead":
            entete = not ferme
        if ferme:
            return f"</{nom}>"
        if nom == "tr":
            rang = 0
        if nom not in {"td", "th"}:
            return f'<{nom} role="{ROLES[nom]}"{attributs}>'
        if entete:
            texte = _TEXTE.match(lignes, trouve.end())
            titres.append(" ".join(strip_tags(texte[1]).split()) if texte else "")
            return f'<th role="columnheader"{attributs}>'
        titre = titres[rang] if rang < len(titres) else ""
        rang += 1
        etiquette = f' data-l="{titre}"' if titre and (nom == "td" and "ep-choix" not in attributs) else ""
        return f'<{nom} role="{ROLES.get(nom, "rowheader")}"{etiquette}{attributs}>'

    return _BALISE.sub(balise, lignes)


@register.simple_block_tag
def tableau(content: str, *, id: str, legende: str, legende_cachee: bool = False) -> SafeString:  # noqa: A002
    """Render the `<thead>` and `<tbody>` that stand between the tags as a table; `id` is unique in the page, `legende` its caption."""
    return render_to_string(
        "composants/cadre_tableau.html",
        {"contenu": SafeString(empiler(content)), "id": id, "legende": legende, "legende_cachee": legende_cachee},
    )
