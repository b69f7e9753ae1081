"""Forgotten password."""

from functools import partial

from ..saisies.adresses import normaliser_adresse
from .base import FormulairePortail
from .champs import (
    ChampReponse,
    champ_adresse,
    champ_nouveau_mot_de_passe,
    champ_nouvelle_reponse,
    champ_question,
    regles_mot_de_passe,
    regles_reponse,
)
from .claviers import Clavier


class OubliForm(FormulairePortail):
    """The login address of somebody who cannot sign in."""

    adresse = champ_adresse(
        partial(normaliser_adresse, durable=False),
        label="Adresse électronique de connexion",
        clavier=Clavier.IDENTIFIANT_DE_CONNEXION,
    )


class ReponseForm(FormulairePortail):
    """The answer to the question de confiance."""

    regles = {"reponse_inexacte": "reponse"}

    reponse = ChampReponse(
        label="Votre réponse",
        max_length=200,
        help_text=(
            "Majuscules, accents, espaces et ponctuation ne comptent pas. Elle figure sur votre récapitulatif, ou sur le pli "
            "qui vous a été remis au guichet."
        ),
        error_messages={"required": "Saisissez votre réponse."},
    )


class NouveauMotDePasseForm(FormulairePortail):
    """A new password, when the answer was right."""

    regles = regles_mot_de_passe("nouveau")

    nouveau = champ_nouveau_mot_de_passe()


class NouveauxSecretsForm(NouveauMotDePasseForm):
    """A new password, and a new question with its answer: the last one had been handed over by an agent."""

    regles = {**NouveauMotDePasseForm.regles, **regles_reponse("reponse"), "nouvelle_reponse_requise": "reponse"}

    question = champ_question()
    reponse = champ_nouvelle_reponse()
