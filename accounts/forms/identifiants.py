"""The keys of an espace: login address, password, question de confiance."""

from ..saisies.adresses import normaliser_adresse
from .base import FormulairePortail
from .champs import (
    champ_adresse,
    champ_mot_de_passe_actuel,
    champ_nouvelle_reponse,
    champ_question,
    regles_reponse,
)
from .oubli import NouveauMotDePasseForm


class ChangerMotDePasseForm(NouveauMotDePasseForm):
    """The current password and the new one."""

    actuel = champ_mot_de_passe_actuel()
    field_order = ("actuel", "nouveau")


class ChangerAdresseForm(FormulairePortail):
    """The new login address and the password."""

    regles = dict.fromkeys(
        ("adresse_inchangee", "adresse_jetable", "adresse_invalide", "adresse_trop_longue"), "adresse"
    )

    adresse = champ_adresse(
        normaliser_adresse,
        label="Nouvelle adresse électronique de connexion",
        requise="Saisissez la nouvelle adresse électronique de connexion.",
        aide="Une adresse personnelle et durable, que vous relevez. 110 caractères au plus.",
    )
    actuel = champ_mot_de_passe_actuel()


class ChangerQuestionForm(FormulairePortail):
    """Another question, another answer, and the password."""

    regles = regles_reponse("reponse")

    question = champ_question()
    reponse = champ_nouvelle_reponse()
    actuel = champ_mot_de_passe_actuel()
