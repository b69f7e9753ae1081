"""The password once more, before a sensitive act."""

from typing import ClassVar

from .base import FormulairePortail
from .champs import champ_mot_de_passe_actuel


class ConfirmationForm(FormulairePortail):
    """One field, named so that no form that it is carried with has the same."""

    CHAMP: ClassVar[str] = "confirmation_mot_de_passe"

    confirmation_mot_de_passe = champ_mot_de_passe_actuel(label="Mot de passe")
