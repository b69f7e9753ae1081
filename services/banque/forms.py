"""Forms of the accounts of a company."""

from typing import Any

from django import forms

from accounts.forms.base import FormulairePortail
from accounts.forms.champs import ChampIdentifiant, ChampJour, ChampPorte, ChampRegle
from accounts.forms.claviers import Clavier
from accounts.saisies.regles import RegleMetier

from .comptes import LONGUEUR_BANQUE, normaliser_banque, normaliser_titulaire
from .iban import BicRequis, lire_bic, lire_iban

LONGUEUR_SAISIE: int = 120  # of an IBAN or a RIB with its labels and spaces
EXEMPLE: str = "FR76 1234 5678 9012 3456 7890 123"  # of no bank: its key is wrong, and who pastes it is told so
LONGUEUR_NOM: int = 400  # what is read of a name; how much a bank reads is `normaliser_titulaire`'s to say


def _champ_titulaire() -> ChampRegle:
    return ChampRegle(
        normaliser_titulaire,
        label="Titulaire du compte",
        max_length=LONGUEUR_NOM,
        help_text="Le nom que la banque connaît : il figure sur le RIB.",
        clavier=Clavier.NOM_D_AUTRUI,
        error_messages={"required": "Saisissez le nom du titulaire, tel que la banque le connaît."},
    )


class IbanForm(FormulairePortail):
    """Which account, and whose."""

    regles = {"compte_deja_enregistre": "iban", "compte_clos": "iban"}

    iban = ChampRegle(
        lire_iban,
        label="IBAN ou RIB",
        max_length=LONGUEUR_SAISIE,
        help_text=(
            "Tel qu’il figure sur votre relevé d’identité bancaire, par groupes de quatre, avec ou sans espaces : "
            f"{EXEMPLE}. Ou code banque, code guichet, numéro de compte et clé RIB."
        ),
        clavier=Clavier.CODE,
        error_messages={"required": "Saisissez l’IBAN, ou les quatre parties du RIB."},
    )
    titulaire = _champ_titulaire()


class RelectureForm(FormulairePortail):
    """The same, read again, and the bank that its code names, to be confirmed or corrected."""

    regles = {
        **dict.fromkeys(("bic_illisible", "bic_requis", "bic_d_un_autre_pays", "bic_d_une_autre_banque"), "bic"),
        **dict.fromkeys(("titulaire_vide", "titulaire_trop_long", "titulaire_signe"), "titulaire"),
    }

    iban = ChampRegle(
        lire_iban,
        max_length=LONGUEUR_SAISIE,
        widget=forms.HiddenInput(),
        error_messages={"required": "Saisissez l’IBAN, ou les quatre parties du RIB."},
    )
    banque = ChampRegle(
        normaliser_banque,
        label="Banque",
        required=False,
        max_length=LONGUEUR_BANQUE,
        help_text="D’après le code banque de l’IBAN : corrigez si le nom n’est pas le bon.",
        clavier=Clavier.NOM_D_AUTRUI,
    )
    bic = ChampIdentifiant(
        label="BIC",
        required=False,
        max_length=40,
        help_text="8 ou 11 caractères, par exemple AGRIFRPP. Demandé seulement hors de l’Espace économique européen.",
        clavier=Clavier.CODE,
    )
    titulaire = _champ_titulaire()

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._exiger_le_bic(str(self.data.get("iban", self.initial.get("iban", ""))))

    def _exiger_le_bic(self, saisi: str) -> None:
        """Have the BIC required where the country of the IBAN asks for it: its label does not say that it may be left out."""
        try:
            lire_bic("", iban=lire_iban(saisi))
        except BicRequis as regle:
            self.fields["bic"].required = True
            self.fields["bic"].error_messages["required"] = str(regle)
            self.fields["bic"].help_text = "8 ou 11 caractères : il figure sur le relevé d’identité bancaire."
        except RegleMetier:
            pass  # the IBAN itself is refused, in its own field

    def clean_bic(self) -> str:
        """Tell of the BIC beside what else is wrong, as the act would once all the rest is right."""
        bic: str = self.cleaned_data["bic"]
        try:
            return lire_bic(bic, iban=self.cleaned_data["iban"]) if "iban" in self.cleaned_data else bic
        except RegleMetier as regle:
            raise forms.ValidationError(str(regle), code=regle.code) from regle


class TitulaireForm(FormulairePortail):
    """The one thing that changes of an account; `montre` is the name that the page showed."""

    regles = {
        **dict.fromkeys(
            ("titulaire_vide", "titulaire_trop_long", "titulaire_signe", "titulaire_change_entretemps"), "titulaire"
        )
    }

    titulaire = _champ_titulaire()
    montre = ChampPorte(required=False, max_length=LONGUEUR_NOM, widget=forms.HiddenInput())


class RemiseForm(FormulairePortail):
    """The day on which the mandate was handed to the bank."""

    regles = dict.fromkeys(
        ("mandat_jamais_edite", "remise_a_venir", "remise_avant_ajout", "remise_avant_edition"), "le"
    )

    le = ChampJour(
        label="Remis le", error_messages={"required": "Indiquez le jour où le mandat a été remis à la banque."}
    )
