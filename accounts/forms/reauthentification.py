"""The password once more, before a sensitive act."""

from typing import ClassVar

from django import forms

from .base import FormulairePortail


class ConfirmationForm(FormulairePortail):
    """One field, named so that no form that it is carried with has the same."""

    CHAMP: ClassVar[str] = "confirmation_mot_de_passe"

    confirmation_mot_de_passe = forms.CharField(
        label="Mot de passe",
        strip=False,
        max_length=1024,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
