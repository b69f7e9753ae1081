"""What an agent types about a personne."""

from django import forms

from accounts.forms import FormulairePortail
from accounts.forms.champs import ChampPorte, ChampRegle, ChampTexte
from accounts.saisies.sirens import normaliser_siren

from ..models.registre import PREUVE_LONGUEUR


class RepresentantForm(FormulairePortail):
    """Who represents a personne, since when, and the proof that the agent has seen."""

    regles = {
        "representant_sans_nom": "nom",
        "representant_trop_long": "nom",
        "nom_invalide": "nom",
        "representant_dans_le_futur": "depuis_le",
        "preuve_non_dite": "preuve",
    }

    nom = ChampPorte(
        label="Nom",
        max_length=160,
        help_text="Nom de famille, ou dénomination si une société représente cette personne.",
        error_messages={"required": "Indiquez le nom du représentant légal."},
    )
    prenoms = ChampPorte(label="Prénoms", max_length=160, required=False, help_text="Laissez vide pour une société.")
    qualite = ChampPorte(label="Qualité", max_length=80, required=False, help_text="Gérante, président, maire…")
    depuis_le = forms.DateField(
        label="Depuis le",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d", "%d/%m/%Y"],
        error_messages={"invalid": "Écrivez la date ainsi : 31/12/2026."},
    )
    preuve = ChampTexte(
        label="Preuve vue",
        max_length=PREUVE_LONGUEUR,
        help_text=f"Extrait Kbis du…, procès-verbal du… {PREUVE_LONGUEUR} caractères au plus.",
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Dites quelle preuve vous avez vue."},
    )


class SirenAttribueForm(FormulairePortail):
    """The SIREN that INSEE gave."""

    regles = {"siren_provisoire": "siren"}

    siren = ChampRegle(
        normaliser_siren,
        label="SIREN attribué par l'INSEE",
        max_length=40,
        help_text="Neuf chiffres, espaces admis.",
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        error_messages={"required": "Indiquez le SIREN."},
    )
