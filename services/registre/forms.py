"""What an agent types about a personne."""

from django import forms

from accounts.forms import FormulairePortail
from accounts.forms.champs import ChampJour, ChampPorte, ChampRegle, ChampTexte
from accounts.forms.claviers import Clavier
from accounts.models import ServiceGestionnaire
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
        clavier=Clavier.NOM_D_AUTRUI,
        help_text="Nom de famille, ou dénomination si une société représente cette personne.",
        error_messages={"required": "Indiquez le nom du représentant légal."},
    )
    prenoms = ChampPorte(
        label="Prénoms",
        max_length=160,
        required=False,
        clavier=Clavier.NOM_D_AUTRUI,
        help_text="Laissez vide pour une société.",
    )
    qualite = ChampPorte(
        label="Qualité",
        max_length=80,
        required=False,
        clavier=Clavier.PHRASE,
        help_text="Gérante, président, maire…",
    )
    depuis_le = ChampJour(label="Depuis le", required=False)
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
        label="SIREN attribué par l’INSEE",
        max_length=40,
        help_text="Neuf chiffres, espaces admis.",
        clavier=Clavier.CHIFFRES,
        error_messages={"required": "Indiquez le SIREN."},
    )


class RattachementForm(FormulairePortail):
    """To which office, and why."""

    regles = {
        "motif_de_rattachement_requis": "motif",
        "deja_rattachee": "vers",
        "bureau_hors_departement": "vers",
        "rattachement_dge_reserve": "vers",
    }

    vers = forms.ModelChoiceField(
        label="Nouveau service gestionnaire",
        queryset=ServiceGestionnaire.objects.all(),
        empty_label="Choisissez un service",
        error_messages={"required": "Choisissez le service qui suivra cette entreprise."},
    )
    motif = ChampTexte(
        label="Motif",
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Les deux services le lisent.",
        error_messages={"required": "Indiquez le motif."},
    )
