"""Signing in, and saying the password again."""

from typing import Any

from django.contrib.auth.forms import AuthenticationForm
from dsfr.forms import DsfrBaseForm

from .base import FormulairePortail
from .champs import ChampIdentifiant, champ_mot_de_passe_actuel
from .claviers import Clavier

REFUS = (
    "L’adresse électronique ou le mot de passe n’est pas reconnu. Vérifiez votre saisie, majuscules comprises. "
    "Après cinq essais manqués, attendez avant de recommencer : une minute, puis de plus en plus, jusqu’à une heure."
)


class ConnexionForm(DsfrBaseForm, AuthenticationForm):
    """Address and password. Every refusal says the same (ANSSI-PG-078 R14)."""

    error_messages = dict.fromkeys(("invalid_login", "inactive"), REFUS)

    username = ChampIdentifiant(
        clavier=Clavier.IDENTIFIANT_DE_CONNEXION,
        error_messages={"required": "Saisissez votre adresse électronique de connexion."},
    )
    password = champ_mot_de_passe_actuel(label="Mot de passe")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].label = "Adresse électronique de connexion"


class MotDePasseActuelForm(FormulairePortail):
    """The password of the person who asks, once more."""

    regles = {"mot_de_passe_autre_que_celui_de_l_inscription": "mot_de_passe"}

    mot_de_passe = champ_mot_de_passe_actuel(label="Mot de passe")
