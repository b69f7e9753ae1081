"""Forms of the agents' door."""

from django import forms
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.models import AbstractBaseUser
from django.contrib.auth.signals import user_login_failed
from django.core.validators import RegexValidator

from accounts.agents import agent_de
from accounts.forms import ConnexionForm, FormulairePortail

LONGUEUR_MAX_SAISIE = 1024


class ConnexionAgentForm(ConnexionForm, AdminAuthenticationForm):
    """Address and password of an agent. The right password of a usager is answered, and counted, as a wrong one."""

    error_messages = {**ConnexionForm.error_messages}

    def confirm_login_allowed(self, user: AbstractBaseUser) -> None:
        if agent_de(user) is None:
            identifiants = {"username": self.cleaned_data.get("username", "")}
            user_login_failed.send(sender=__name__, credentials=identifiants, request=self.request)
            raise self.get_invalid_login_error()


class MotDePasseActuelForm(FormulairePortail):
    """The current password, asked again before what a stolen session must not do."""

    actuel = forms.CharField(
        label="Mot de passe actuel",
        max_length=LONGUEUR_MAX_SAISIE,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class MotDePasseAgentForm(MotDePasseActuelForm):
    """A new password, typed twice."""

    regles = {
        "mot_de_passe_faible": "nouveau",
        "mot_de_passe_trop_long": "nouveau",
        "mot_de_passe_deja_utilise": "nouveau",
    }

    nouveau = forms.CharField(
        label="Nouveau mot de passe",
        max_length=LONGUEUR_MAX_SAISIE,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    confirmation = forms.CharField(
        label="Nouveau mot de passe, une seconde fois",
        max_length=LONGUEUR_MAX_SAISIE,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean_confirmation(self) -> str:
        confirmation: str = self.cleaned_data["confirmation"]
        if confirmation != self.cleaned_data.get("nouveau"):
            raise forms.ValidationError("Les deux saisies du nouveau mot de passe diffèrent.", code="difference")
        return confirmation


class CodeForm(FormulairePortail):
    """A code of the application: six digits, spaces allowed as it shows them."""

    regles = {"code_refuse": "code", "trop_d_essais": "code"}

    code = forms.CharField(
        label="Code à 6 chiffres",
        help_text="Il change toutes les 30 secondes dans votre application d'authentification.",
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )

    def clean_code(self) -> str:
        code = "".join(self.cleaned_data["code"].split())
        RegexValidator(r"\A[0-9]{6}\Z", "Le code compte 6 chiffres.", code="forme")(code)
        return code


class CodeSecoursForm(FormulairePortail):
    """A recovery code; case, spaces and dashes do not matter."""

    regles = {"code_secours_refuse": "code", "trop_d_essais": "code"}

    code = forms.CharField(
        label="Code de secours",
        help_text="Un code de votre liste qui n'a pas encore servi, par exemple 7K2M-90QD-XXXX-XXXX.",
        max_length=60,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
    )
