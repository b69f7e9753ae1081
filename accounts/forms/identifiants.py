"""The keys of an espace: login address, password, question de confiance."""

from django import forms

from ..adresses import normaliser_adresse
from ..models import Espace
from .base import FormulairePortail
from .oubli import NouveauMotDePasseForm


def _mot_de_passe_actuel() -> forms.CharField:
    return forms.CharField(
        label="Mot de passe actuel",
        strip=False,
        max_length=1024,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class ChangerMotDePasseForm(NouveauMotDePasseForm):
    """The current password and the new one."""

    actuel = _mot_de_passe_actuel()
    field_order = ("actuel", "nouveau")


class ChangerAdresseForm(FormulairePortail):
    """The new login address and the password."""

    regles = {
        "adresse_inchangee": "adresse",
        "adresse_jetable": "adresse",
        "adresse_invalide": "adresse",
        "adresse_trop_longue": "adresse",
    }

    adresse = forms.CharField(
        label="Nouvelle adresse électronique de connexion",
        max_length=400,
        help_text="Une adresse personnelle et durable, que vous relevez. 110 caractères au plus.",
        widget=forms.EmailInput(attrs={"autocomplete": "email", "spellcheck": "false"}),
    )
    actuel = _mot_de_passe_actuel()

    def clean_adresse(self) -> str:
        return self._nettoyer("adresse", normaliser_adresse)


class ChangerQuestionForm(FormulairePortail):
    """Another question, another answer, and the password."""

    regles = {"reponse_trop_courte": "reponse", "reponse_devinable": "reponse", "reponse_revelatrice": "reponse"}

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
    actuel = _mot_de_passe_actuel()
