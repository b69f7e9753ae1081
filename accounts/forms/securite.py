"""Codes of a second factor."""

from django.core.validators import RegexValidator

from ..saisies.porte import serrer
from .base import FormulairePortail
from .champs import ChampIdentifiant
from .claviers import Clavier


class CodeForm(FormulairePortail):
    """A code of the application: six digits, spaces allowed as it shows them."""

    regles = {"code_refuse": "code", "trop_d_essais": "code", "application_illisible": "code"}

    code = ChampIdentifiant(
        label="Code à 6 chiffres",
        help_text="Il change toutes les 30 secondes dans votre application d’authentification.",
        max_length=20,
        clavier=Clavier.CODE_A_SIX_CHIFFRES,
        error_messages={"required": "Saisissez le code à 6 chiffres que montre votre application."},
    )

    def clean_code(self) -> str:
        code = serrer(self.cleaned_data["code"])
        RegexValidator(r"\A[0-9]{6}\Z", "Le code compte 6 chiffres.", code="forme")(code)
        return code


class CodeSecoursForm(FormulairePortail):
    """A recovery code; case, spaces and dashes do not matter."""

    regles = {"code_secours_refuse": "code", "trop_d_essais": "code"}

    code = ChampIdentifiant(
        label="Code de secours",
        help_text="Un code de votre liste qui n’a pas encore servi, par exemple 7K2M9-0QDXX-XXXXX-XXXXX-XXXXX.",
        max_length=60,
        clavier=Clavier.CODE,
        error_messages={"required": "Saisissez un code de secours."},
    )
