"""How forms are rendered: DSFR's own templates, with ours in front of them."""

from pathlib import Path
from typing import Any

from django import forms
from django.conf import settings
from django.forms.renderers import DjangoTemplates
from django.template.backends.django import DjangoTemplates as Moteur
from django.utils.functional import cached_property
from dsfr import forms as dsfr_forms

RACINE = Path(__file__).resolve().parent.parent


class RenduFormulaires(DjangoTemplates):
    """Look a form template up in `templates/`, then in DSFR, then in Django."""

    @cached_property
    def engine(self) -> Moteur:
        """Return the template engine of the forms."""
        dossiers = [
            RACINE / "templates",
            Path(dsfr_forms.__file__).parent / "templates",
            Path(forms.__file__).parent / "templates",
        ]
        pages: dict[str, Any] = settings.TEMPLATES[0]
        options = {"loaders": pages["OPTIONS"]["loaders"]}
        return Moteur({"NAME": "formulaires", "APP_DIRS": False, "DIRS": dossiers, "OPTIONS": options})
