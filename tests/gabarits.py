"""A name that a template writes and its context does not hold fails the test that renders it (style.md, Tests).

Django shows an empty string instead, so a misspelt name passes for a page without content. `{% if %}` and `{% for %}`
may name what is absent: they are how a template says that something is optional. Stands for every engine (pages, mails,
forms) and every thread: names are noted when they are rendered, and the fixture of conftest.py fails the test at its end.
"""

import sys
from pathlib import Path
from types import FrameType

import django
import dsfr
from django.template import Engine
from django.template.base import Node

# What these write without holding it is theirs to mend.
BIBLIOTHEQUES = (
    Path(django.__file__).parent / "contrib/admin/templates",
    Path(django.__file__).parent / "forms/templates",
    Path(dsfr.__file__).parent / "templates",
)
absents: list[str] = []


class NomAbsent:
    """What an engine is given as `string_if_invalid`: shows nothing, like Django, but takes note."""

    def __contains__(self, motif: str) -> bool:
        return motif == "%s"

    def __mod__(self, nom: object) -> str:
        gabarit = _gabarit(sys._getframe(1))
        if not any(gabarit.startswith(f"{dossier}/") for dossier in BIBLIOTHEQUES):
            absents.append(f"{{{{ {nom} }}}} in {gabarit}")
        return ""


def _gabarit(cadre: FrameType | None) -> str:
    """Return the file of the template whose tag is being rendered: the innermost one that knows where it stands."""
    while cadre is not None:
        noeud = cadre.f_locals.get("self")
        if isinstance(noeud, Node) and hasattr(noeud, "origin"):
            return str(noeud.origin.name)
        cadre = cadre.f_back
    return "?"


def surveiller() -> None:
    """Have every engine take note, those already made included, whatever its options say."""
    Engine.string_if_invalid = property(lambda moteur: NomAbsent(), lambda moteur, valeur: None)  # type: ignore[assignment]
