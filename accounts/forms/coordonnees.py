"""The particulars of the holder."""

from django import forms

from ..models import Espace
from ..noms import normaliser_texte
from ..sirens import normaliser_siren
from .base import FormulairePortail


class CoordonneesForm(FormulairePortail):
    """What the holder may change alone (CGU §4.b)."""

    civilite = forms.ChoiceField(label="Civilité", choices=Espace.Civilite.choices, widget=forms.RadioSelect)
    prenom = forms.CharField(
        label="Prénom", max_length=80, widget=forms.TextInput(attrs={"autocomplete": "given-name"})
    )
    nom = forms.CharField(label="Nom", max_length=80, widget=forms.TextInput(attrs={"autocomplete": "family-name"}))
    telephone = forms.RegexField(
        label="Téléphone",
        regex=r"^\+?[0-9 .()-]{6,20}$",
        max_length=20,
        help_text="Exemple : 01 23 45 67 89 ou +33 1 23 45 67 89.",
        error_messages={"invalid": "Écrivez un numéro de téléphone avec des chiffres et des espaces : 01 23 45 67 89."},
        widget=forms.TextInput(attrs={"autocomplete": "tel", "inputmode": "tel"}),
    )
    complement = forms.CharField(
        label="Complément d'adresse",
        required=False,
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "address-line2"}),
    )
    voie = forms.CharField(
        label="Numéro et voie",
        required=False,
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "address-line1"}),
    )
    distribution = forms.CharField(label="Boîte postale ou lieu-dit", required=False, max_length=120)
    code_postal = forms.RegexField(
        label="Code postal",
        required=False,
        regex=r"^[0-9A-Za-z -]{3,10}$",
        error_messages={"invalid": "Écrivez un code postal, par exemple 75012."},
        widget=forms.TextInput(attrs={"autocomplete": "postal-code", "inputmode": "numeric"}),
    )
    commune = forms.CharField(
        label="Commune",
        required=False,
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "address-level2"}),
    )
    pays = forms.CharField(
        label="Pays",
        required=False,
        max_length=80,
        help_text="À remplir si ce n'est pas la France.",
        widget=forms.TextInput(attrs={"autocomplete": "country-name"}),
    )
    siren_appartenance = forms.CharField(
        label="SIREN de votre organisation",
        required=False,
        max_length=40,
        help_text=(
            "Neuf chiffres. L'entreprise, le cabinet ou la collectivité où vous travaillez : "
            "ce numéro ne donne aucun droit sur elle."
        ),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )

    TEXTES = ("prenom", "nom", "complement", "voie", "distribution", "commune", "pays")

    def clean_siren_appartenance(self) -> str:
        if not self.cleaned_data["siren_appartenance"]:
            return ""
        return self._nettoyer("siren_appartenance", normaliser_siren)

    def _clean_fields(self) -> None:
        super()._clean_fields()
        for champ in self.TEXTES:
            if champ in self.cleaned_data:
                try:
                    self.cleaned_data[champ] = self._nettoyer(champ, normaliser_texte)
                except forms.ValidationError as erreur:
                    self.add_error(champ, erreur)
