"""Who the holder of an espace is, and where to reach them."""

from django import forms

from ..models import Espace
from ..saisies.code_postal import normaliser_code_postal
from ..saisies.noms import normaliser_nom, normaliser_texte
from ..saisies.telephone import normaliser_telephone
from .base import FormulairePortail
from .champs import ChampRegle
from .claviers import Clavier


class TitulaireForm(FormulairePortail):
    """Names, telephone and postal address: asked when an espace is created, changed at any time (CGU §2.1, §4.b)."""

    regles = {"nom_reserve": "nom", "code_postal_de_france": "code_postal"}

    civilite = forms.ChoiceField(
        label="Civilité",
        choices=Espace.Civilite.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Choisissez une civilité."},
    )
    prenom = ChampRegle(
        normaliser_nom,
        label="Prénom",
        max_length=80,
        clavier=Clavier.PRENOM,
        error_messages={"required": "Saisissez votre prénom."},
    )
    nom = ChampRegle(
        normaliser_nom,
        label="Nom",
        max_length=80,
        clavier=Clavier.NOM,
        error_messages={"required": "Saisissez votre nom."},
    )
    telephone = ChampRegle(
        normaliser_telephone,
        label="Téléphone",
        max_length=60,
        help_text="Exemple : 01 23 45 67 89 ou +33 1 23 45 67 89.",
        clavier=Clavier.TELEPHONE,
        error_messages={"required": "Saisissez un numéro de téléphone où vous joindre."},
    )
    complement = ChampRegle(
        normaliser_texte,
        label="Complément d’adresse",
        required=False,
        max_length=120,
        clavier=Clavier.COMPLEMENT,
    )
    voie = ChampRegle(
        normaliser_texte,
        label="Numéro et voie",
        required=False,
        max_length=120,
        clavier=Clavier.VOIE,
    )
    distribution = ChampRegle(
        normaliser_texte,
        label="Boîte postale ou lieu-dit",
        required=False,
        max_length=120,
        clavier=Clavier.DISTRIBUTION,
    )
    code_postal = ChampRegle(
        normaliser_code_postal,
        label="Code postal",
        required=False,
        max_length=40,
        clavier=Clavier.CODE_POSTAL,
    )
    commune = ChampRegle(
        normaliser_texte,
        label="Commune",
        required=False,
        max_length=120,
        clavier=Clavier.COMMUNE,
    )
    pays = ChampRegle(
        normaliser_texte,
        label="Pays",
        required=False,
        max_length=80,
        help_text="À remplir si ce n’est pas la France.",
        clavier=Clavier.PAYS,
    )
