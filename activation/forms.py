"""Forms of the demandes."""

import re
from typing import Any

from django import forms

from accounts.forms import FormulairePortail, InscriptionForm
from accounts.forms.champs import ChampIdentifiant, ChampListe, ChampRegle, ChampTexte, champ_adresse
from accounts.forms.claviers import Clavier
from accounts.saisies.adresses import normaliser_adresse_entreprise
from accounts.saisies.identifiants import siren_de_cellule
from accounts.saisies.regles import RegleMetier
from accounts.saisies.sirens import SirenAbsent, normaliser_identifiant
from services.models import Service

from .models import Demande


def _champ_qualite() -> forms.ChoiceField:
    return forms.ChoiceField(
        label="Vous agissez en qualité de",
        choices=Demande.Qualite.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Dites en quelle qualité vous agissez."},
    )


class SirenForm(FormulairePortail):
    """Which personne the demande is about."""

    regles = {"personne_cessee": "siren", "adresse_postale_inconnue": "siren"}

    siren = ChampRegle(
        normaliser_identifiant,
        label="Numéro SIREN",
        max_length=60,
        help_text="Neuf chiffres, espaces admis : 552 032 534. Ou l’identifiant provisoire (IDSP) de l’entreprise.",
        clavier=Clavier.CODE,
        error_messages={"required": SirenAbsent.message},
    )


class SignalementForm(FormulairePortail):
    """Which demande is not recognised, and what the agent should know."""

    regles = {
        "reference_mal_saisie": "reference",
        "reference_incomplete": "reference",
        "reference_inconnue": "reference",
    }

    reference = ChampIdentifiant(
        label="Référence à signaler",
        max_length=60,
        help_text="Elle est imprimée sur le courrier et commence par D. Exemple : D-2026-7KQ4M2XA-K7QM5.",
        clavier=Clavier.REFERENCE,
        error_messages={"required": "Indiquez la référence imprimée sur le courrier."},
    )
    texte = ChampTexte(
        label="Ce que l’agent doit savoir",
        required=False,
        max_length=500,
        help_text="500 caractères au plus. N’indiquez jamais le code d’activation.",
        widget=forms.Textarea(attrs={"rows": 4}),
    )


class AdhesionForm(FormulairePortail):
    """In which capacity one asks, and for which services."""

    regles = {"aucun_service": "services", "service_non_disponible": "services"}

    qualite = _champ_qualite()
    services = forms.ModelMultipleChoiceField(
        label="Services demandés",
        queryset=Service.objects.none(),
        to_field_name="code",
        error_messages={
            "required": "Choisissez au moins un service.",
            "invalid_choice": "Un des services choisis n’est pas au catalogue.",
        },
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["services"].queryset = Service.objects.all()


class InscriptionSimplifieeForm(InscriptionForm):
    """What an espace simplifié asks beside the person: the company's address, and in which capacity (CGU §2.1.a)."""

    courriel_entreprise = champ_adresse(
        normaliser_adresse_entreprise,
        label="Adresse électronique de l’entreprise",
        requise="Saisissez l’adresse électronique de l’entreprise.",
        aide="L’administration y écrira à l’entreprise. Un lien de confirmation y est envoyé. "
        "Ce peut être la même que votre adresse de connexion.",
        clavier=Clavier.ADRESSE_D_ENTREPRISE,
    )
    qualite = _champ_qualite()
    field_order = ("courriel_entreprise", "qualite", "civilite", "prenom", "nom", "telephone")


class CourrielEntrepriseForm(FormulairePortail):
    """The new e-mail of a company."""

    regles = {"courriel_inchange": "adresse"}

    adresse = champ_adresse(
        normaliser_adresse_entreprise,
        label="Nouvelle adresse électronique de l’entreprise",
        requise="Saisissez la nouvelle adresse électronique de l’entreprise.",
        aide="Exemple : contact@exemple.fr. Une adresse durable, que l’entreprise relève.",
        clavier=Clavier.ADRESSE_D_ENTREPRISE,
    )
    qualite = _champ_qualite()


class SirensForm(FormulairePortail):
    """Which SIREN a substitution is about: one, or up to a hundred pasted from a list."""

    LIMITE = 100

    sirens = ChampListe(
        label="Numéros SIREN",
        max_length=4000,
        help_text="Un seul, ou jusqu’à cent : un par ligne, ou séparés par des virgules.",
        clavier=Clavier.LISTE_DE_SIREN,
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={"required": "Indiquez au moins un numéro SIREN."},
    )

    def clean_sirens(self) -> list[str]:
        """Return the distinct identifiers, in the order typed."""
        saisis = [morceau for morceau in re.split(r"[\n\r\t,;]+", self.cleaned_data["sirens"]) if morceau.strip()]
        if len(saisis) > self.LIMITE:
            raise forms.ValidationError(f"Vous avez indiqué {len(saisis)} numéros : cent au plus à la fois.")
        identifiants: dict[str, None] = {}
        for saisi in saisis:
            try:
                identifiants[siren_de_cellule(saisi).valeur] = None
            except RegleMetier as regle:
                raise forms.ValidationError(f"« {saisi.strip()[:30]} » : {regle}") from regle
        if not identifiants:
            raise forms.ValidationError("Indiquez au moins un numéro SIREN.")
        return list(identifiants)


class SubstitutionForm(FormulairePortail):
    """In which capacity one asks. The services are read by the view, SIREN by SIREN."""

    qualite = forms.ChoiceField(
        label="Vous agissez en qualité de",
        choices=Demande.Qualite.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Dites en quelle qualité vous agissez."},
    )


class CodeForm(FormulairePortail):
    """The code of the letter. Paste is welcome, dashes and case do not matter."""

    code = ChampIdentifiant(
        label="Code reçu",
        max_length=60,
        error_messages={"required": "Saisissez le code imprimé sur le courrier."},
        help_text="Douze lettres et chiffres, par groupes de quatre. Il n’a ni zéro, ni un, ni lettre O, I ou L.",
        clavier=Clavier.CODE_RECU,
    )

    def refuser(self, regle: Any) -> None:
        self.add_error("code", str(regle))
