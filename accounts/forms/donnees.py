"""Asking for a correction, and deleting one's espace."""

from django import forms

from ..espace.rectification import LONGUEUR_DE_LA_DEMANDE
from ..models import Rectification
from .base import FormulairePortail
from .champs import ChampChoix, ChampTexte


class RectificationForm(FormulairePortail):
    """What is wrong, and what should stand instead."""

    objet = ChampChoix(
        label="Ce qui est à corriger",
        choices=Rectification.Objet.choices,
        requis="Choisissez ce qui est à corriger.",
    )
    texte = ChampTexte(
        label="Votre demande",
        max_length=LONGUEUR_DE_LA_DEMANDE,
        widget=forms.Textarea(attrs={"rows": 6}),
        error_messages={"required": "Dites ce qui est faux et ce qui devrait être écrit."},
        help_text=(
            f"Dites ce qui est faux et ce qui devrait être écrit. {LONGUEUR_DE_LA_DEMANDE} caractères au plus. "
            "N’écrivez ni mot de passe ni code."
        ),
    )

    def clean_texte(self) -> str:
        """Return the text on one line: it goes into a mail, where a lone address would become a button."""
        return " ".join(str(self.cleaned_data["texte"]).split())


class SuppressionForm(FormulairePortail):
    """The deletion is meant."""

    confirme = forms.BooleanField(
        label="J’ai compris que la suppression de l’espace est définitive",
        error_messages={"required": "Cochez cette case pour confirmer la suppression."},
    )
