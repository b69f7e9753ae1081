"""Creating an espace."""

from django import forms

from ..adresses import normaliser_adresse
from ..models import Espace
from ..noms import normaliser_texte
from ..sirens import normaliser_siren
from .base import FormulairePortail


class InscriptionForm(FormulairePortail):
    """What is asked of a person to create an espace, in either mode (CGU §2.1; domaine.md §2.1, §2.2)."""

    regles = {
        "mot_de_passe_faible": "mot_de_passe",
        "mot_de_passe_trop_long": "mot_de_passe",
        "reponse_trop_courte": "reponse_confiance",
        "reponse_devinable": "reponse_confiance",
        "reponse_revelatrice": "reponse_confiance",
        "adresse_jetable": "email",
        "adresse_invalide": "email",
        "adresse_trop_longue": "email",
    }

    email = forms.CharField(
        label="Adresse électronique de connexion",
        max_length=400,
        help_text="Une adresse personnelle et durable, que vous relevez : elle est votre identifiant. 110 caractères au plus.",
        widget=forms.EmailInput(attrs={"autocomplete": "email", "spellcheck": "false"}),
    )
    mot_de_passe = forms.CharField(
        label="Mot de passe",
        strip=False,
        max_length=1024,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    civilite = forms.ChoiceField(label="Civilité", choices=Espace.Civilite.choices, widget=forms.RadioSelect)
    prenom = forms.CharField(
        label="Prénom", max_length=80, widget=forms.TextInput(attrs={"autocomplete": "given-name"})
    )
    nom = forms.CharField(label="Nom", max_length=80, widget=forms.TextInput(attrs={"autocomplete": "family-name"}))
    telephone = forms.RegexField(
        label="Téléphone",
        regex=r"^\+?[0-9 .()-]{6,20}$",
        help_text="Exemple : 01 23 45 67 89 ou +33 1 23 45 67 89.",
        error_messages={"invalid": "Écrivez un numéro de téléphone avec des chiffres et des espaces : 01 23 45 67 89."},
        widget=forms.TextInput(attrs={"autocomplete": "tel", "inputmode": "tel"}),
    )
    voie = forms.CharField(
        label="Numéro et voie",
        required=False,
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "address-line1"}),
    )
    complement = forms.CharField(
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
    commune = forms.CharField(
        label="Commune",
        required=False,
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "address-level2"}),
    )
    question_confiance = forms.ChoiceField(label="Question de confiance", choices=Espace.Question.choices)
    reponse_confiance = forms.CharField(
        label="Réponse à la question de confiance",
        max_length=200,
        help_text=(
            "Dix lettres ou chiffres au moins, sans rapport avec vous. La réponse proposée est tirée au hasard : "
            "vous pouvez la garder. Elle figurera sur votre récapitulatif."
        ),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    cgu = forms.BooleanField(
        label="J'ai lu et j'accepte les conditions générales d'utilisation",
        error_messages={"required": "Pour créer un espace, acceptez les conditions générales d'utilisation."},
    )

    def clean_email(self) -> str:
        return self._nettoyer("email", normaliser_adresse)

    def clean_prenom(self) -> str:
        return self._nettoyer("prenom", normaliser_texte)

    def clean_nom(self) -> str:
        return self._nettoyer("nom", normaliser_texte)

    def clean_voie(self) -> str:
        return self._nettoyer("voie", normaliser_texte)

    def clean_complement(self) -> str:
        return self._nettoyer("complement", normaliser_texte)

    def clean_commune(self) -> str:
        return self._nettoyer("commune", normaliser_texte)


class InscriptionExpertForm(InscriptionForm):
    """An espace expert asks for the organisation that the person works for: it gives no right on it (CGU §2.1.b)."""

    field_order = (
        "email",
        "mot_de_passe",
        "civilite",
        "prenom",
        "nom",
        "telephone",
        "voie",
        "complement",
        "code_postal",
        "commune",
        "siren_appartenance",
    )
    siren_appartenance = forms.CharField(
        label="SIREN de votre organisation",
        max_length=40,
        help_text=(
            "Neuf chiffres. L'entreprise, le cabinet ou la collectivité où vous travaillez : "
            "ce numéro ne donne aucun droit sur elle."
        ),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )

    def clean_siren_appartenance(self) -> str:
        return self._nettoyer("siren_appartenance", normaliser_siren)
