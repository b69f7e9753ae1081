"""Forms of the agents' door."""

from django import forms
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.models import AbstractBaseUser
from django.contrib.auth.signals import user_login_failed

from accounts.forms import ConnexionForm, FormulairePortail
from accounts.forms.champs import champ_mot_de_passe_actuel, champ_nouveau_mot_de_passe
from accounts.forms.identifiants import ChangerMotDePasseForm
from accounts.gestion.agents import PremierMotDePassePerime, agent_de, premier_mot_de_passe_perime


class ConnexionAgentForm(ConnexionForm, AdminAuthenticationForm):
    """Address and password of an agent. The right password of a usager is answered, and counted, as a wrong one."""

    error_messages = {**ConnexionForm.error_messages}

    def confirm_login_allowed(self, user: AbstractBaseUser) -> None:
        agent = agent_de(user)
        if agent is not None and not premier_mot_de_passe_perime(agent.compte):
            return
        identifiants = {"username": self.cleaned_data.get("username", "")}
        user_login_failed.send(sender=__name__, credentials=identifiants, request=self.request)
        if agent is None:
            raise self.get_invalid_login_error()
        raise forms.ValidationError(PremierMotDePassePerime.message, code=PremierMotDePassePerime.code)


class RemplacerAppareilForm(FormulairePortail):
    """The current password, asked again before what a stolen session must not do."""

    actuel = champ_mot_de_passe_actuel()


class MotDePasseAgentForm(ChangerMotDePasseForm):
    """The current password, and a new one typed twice."""

    confirmation = champ_nouveau_mot_de_passe(
        label="Nouveau mot de passe, une seconde fois", requis="Saisissez le nouveau mot de passe une seconde fois."
    )

    def clean_confirmation(self) -> str:
        confirmation: str = self.cleaned_data["confirmation"]
        if confirmation != self.cleaned_data.get("nouveau"):
            raise forms.ValidationError("Les deux saisies du nouveau mot de passe diffèrent.", code="difference")
        return confirmation
