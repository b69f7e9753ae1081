"""Who the holder of an espace is, and where to reach them."""

from django import forms

from ..models import Espace
from ..saisies.noms import normaliser_nom, normaliser_texte
from .base import FormulairePortail
from .champs import ChampRegle


class TitulaireForm(FormulairePortail):
    """Names, telephone and postal address: asked when an espace is created, changed at any time (CGU §2.1, §4.b)."""

    regles = {"nom_reserve": "nom"}

    civilite = forms.ChoiceField(label="Civilité", choices=Espace.Civilite.choices, widget=forms.RadioSelect)
    prenom = ChampRegle(
        normaliser_nom,
        label="Prénom",
        max_length=80,
        widget=forms.TextInput(attrs={"autocomplete": "given-name"}),
    )
    nom = ChampRegle(
        normaliser_nom, label="Nom", max_length=80, widget=forms.TextInput(attrs={"autocomplete": "family-name"})
    )
    telephone = forms.RegexField(
        label="Téléphone",
        regex=r"^\+?[0-9 .()-]{6,20}$",
        help_text="Exemple : 01 23 45 67 89 ou +33 1 23 45 67 89.",
        error_messages={"invalid": "Écrivez un numéro de téléphone avec des chiffres et des espaces : 01 23 45 67 89."},
        widget=forms.TextInput(attrs={"autocomplete": "tel", "inputmode": "tel"}),
    )
    voie = ChampRegle(
        normaliser_texte,
        label="Numéro et voie",
        required=False,
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "address-line1"}),
    )
    complement = ChampRegle(
        normaliser_texte,
        label="Complément d'adresse",
        required=False,
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "address-line2"}),
    )
    code_postal = forms.RegexField(
        label="Code postal",
        required=False,
        regex=r"^[0-9A-Za-z -]{3,10}$",
        error_messages={"invalid": "Écrivez un code postal, par exemple 75012."},
        widget=forms.TextInput(attrs={"autocomplete": "postal-code", "inputmode": "numeric"}),
    )
    commune = ChampRegle(
        normaliser_texte,
        label="Commune",
        required=False,
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "address-level2"}),
    )
