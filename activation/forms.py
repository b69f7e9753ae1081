"""Forms of the demandes."""

from typing import Any

from django import forms

from accounts.forms import FormulairePortail
from accounts.sirens import normaliser_identifiant
from services.models import Service

from .models import Demande


class SirenForm(FormulairePortail):
    """Which personne the demande is about."""

    siren = forms.CharField(
        label="Numéro SIREN",
        max_length=60,
        help_text="Neuf chiffres, espaces admis : 552 032 534. Ou l'identifiant provisoire (IDSP) de l'entreprise.",
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )

    def clean_siren(self) -> str:
        return self._nettoyer("siren", normaliser_identifiant)


class AdhesionForm(FormulairePortail):
    """In which capacity one asks, and for which services."""

    regles = {"aucun_service": "services", "service_non_disponible": "services"}

    qualite = forms.ChoiceField(
        label="Vous agissez en qualité de",
        choices=Demande.Qualite.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Dites en quelle qualité vous agissez."},
    )
    services = forms.ModelMultipleChoiceField(
        label="Services demandés",
        queryset=Service.objects.none(),
        to_field_name="code",
        error_messages={
            "required": "Choisissez au moins un service.",
            "invalid_choice": "Un des services choisis n'est pas au catalogue.",
        },
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["services"].queryset = Service.objects.all()  # type: ignore[attr-defined]


class CodeForm(FormulairePortail):
    """The code of the letter. Paste is welcome, dashes and case do not matter."""

    code = forms.CharField(
        label="Code d'activation",
        max_length=60,
        help_text="Douze lettres et chiffres, par groupes de quatre. Il n'a ni zéro, ni un, ni lettre O, I ou L.",
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "spellcheck": "false", "autocapitalize": "characters"}
        ),
    )

    def refuser(self, regle: Any) -> None:
        self.add_error("code", str(regle))
