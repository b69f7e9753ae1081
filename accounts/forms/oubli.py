"""Forgotten password."""

from django import forms

from ..adresses import normaliser_adresse
from ..models import Espace
from .base import FormulairePortail


class OubliForm(FormulairePortail):
    """The login address of somebody who cannot sign in."""

    adresse = forms.CharField(
        label="Adresse électronique de connexion",
        max_length=400,
        widget=forms.EmailInput(attrs={"autocomplete": "username", "spellcheck": "false"}),
    )

    def clean_adresse(self) -> str:
        return self._nettoyer("adresse", lambda saisie: normaliser_adresse(saisie, durable=False))


class ReponseForm(FormulairePortail):
    """The answer to the question de confiance."""

    regles = {"reponse_inexacte": "reponse"}

    reponse = forms.CharField(
        label="Votre réponse",
        max_length=200,
        help_text="Majuscules, accents, espaces et ponctuation ne comptent pas. Elle figure sur votre récapitulatif.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )


class NouveauMotDePasseForm(FormulairePortail):
    """A new password, when the answer was right."""

    regles = {
        "mot_de_passe_faible": "nouveau",
        "mot_de_passe_trop_long": "nouveau",
        "mot_de_passe_deja_utilise": "nouveau",
    }

    nouveau = forms.CharField(
        label="Nouveau mot de passe",
        strip=False,
        max_length=1024,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )


class NouveauxSecretsForm(NouveauMotDePasseForm):
    """A new password, and a new question with its answer: the last one had been handed over by an agent."""

    regles = {
        **NouveauMotDePasseForm.regles,
        "nouvelle_reponse_requise": "reponse",
        "reponse_trop_courte": "reponse",
        "reponse_devinable": "reponse",
        "reponse_revelatrice": "reponse",
    }

    question = forms.ChoiceField(label="Question de confiance", choices=Espace.Question.choices)
    reponse = forms.CharField(
        label="Réponse à la question de confiance",
        max_length=200,
        help_text=(
            "Dix lettres ou chiffres au moins, sans rapport avec vous. La réponse proposée est tirée au hasard : "
            "vous pouvez la garder."
        ),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
