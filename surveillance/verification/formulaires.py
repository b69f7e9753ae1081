"""The code of a verification, as it is typed."""

from django.core.validators import RegexValidator

from accounts.forms.base import FormulairePortail
from accounts.forms.champs import ChampIdentifiant
from accounts.forms.claviers import Clavier
from accounts.saisies.porte import serrer


class CodeDeVerificationForm(FormulairePortail):
    """Eight digits, spaces allowed as the mail shows them."""

    regles = dict.fromkeys(
        (
            "code_de_verification_inexact",
            "code_pas_demande",
            "code_d_un_autre_navigateur",
            "code_perime",
        ),
        "code",
    )

    code = ChampIdentifiant(
        label="Code à 8 chiffres",
        help_text="Le dernier que nous vous avons envoyé. Il sert dix minutes, dans ce navigateur seulement.",
        max_length=20,
        clavier=Clavier.CODE_A_SIX_CHIFFRES,
        error_messages={"required": "Saisissez le code à 8 chiffres que nous vous avons envoyé."},
    )

    def clean_code(self) -> str:
        code = serrer(self.cleaned_data["code"])
        RegexValidator(r"\A[0-9]{8}\Z", "Le code compte 8 chiffres.", code="forme")(code)
        return code
