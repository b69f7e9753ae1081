"""Forms of the agents' door."""

from django import forms
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.models import AbstractBaseUser
from django.contrib.auth.signals import user_login_failed

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
