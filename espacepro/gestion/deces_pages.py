"""The page that asks for the deletion of the espace of somebody who died; the act and its second look are deces.py's (issue 14, item 4)."""

from typing import Any

from django import forms
from django.db import models

from accounts.forms.base import FormulairePortail
from accounts.forms.champs import ChampChoix, ChampJour, ChampTexte
from accounts.gestion.contreseings import LONGUEUR_DU_MOTIF
from accounts.gestion.page_acte import PageActe
from accounts.models import Espace
from accounts.saisies.dates import jour_heure
from habilitations.depart.tombees import lignes_pour, tombent_avec

from .deces import SUITE, Preuve, deces_possible, demander_suppression_pour_deces, dernier_signe


class DecesForm(FormulairePortail):
    """The proof seen, its date, and what the second agent must know."""

    regles = {
        "preuve_de_deces_requise": "preuve_le",
        "motif_de_contreseing_requis": "motif",
    }

    preuve = ChampChoix(label="Preuve vue", choices=Preuve.choices, requis="Choisissez la preuve vue.")
    preuve_le = ChampJour(label="Date de la preuve", error_messages={"required": "Indiquez la date de la preuve."})
    motif = ChampTexte(
        label="Qui vous l’a présentée, et pourquoi l’espace est à supprimer",
        max_length=LONGUEUR_DU_MOTIF,
        help_text=f"L’agent qui contresigne le lit. Ne joignez aucune copie. {LONGUEUR_DU_MOTIF} caractères au plus.",
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": "Dites qui vous a présenté la preuve, et pourquoi."},
    )


class DemanderSuppressionPourDeces(PageActe):
    """Ask for the deletion of the espace of somebody who died: a second agent does it, or refuses."""

    mot_de_passe_frais = True
    nom = "deces"
    titre = "Demander la suppression après un décès"
    bouton = "Demander le second regard"
    colonne = "Services"
    succes = "La demande attend le second regard d’un autre agent : rien n’est supprimé avant."
    form_class = DecesForm

    @staticmethod
    def possible(objet: Espace) -> bool:
        return deces_possible(objet)

    def faits(self) -> list[tuple[str, str | models.Model]]:
        return [
            ("Espace", f"{self.objet.nom_complet}, {self.objet.numero_lisible}"),
            ("Dernière connexion à cet espace", jour_heure(dernier_signe(self.objet)) or "aucune"),
            (
                "Ce qui se passe maintenant",
                "Rien n’est supprimé : un second agent examine votre demande, dans un jour ouvré. L’adresse de l’espace et les "
                "autres services gestionnaires concernés sont prévenus de la demande.",
            ),
            ("Ce qui se passe s’il contresigne", SUITE),
        ]

    def lignes(self) -> list[list[str]]:
        return lignes_pour(self.agent, tombent_avec(self.objet))

    def agir(self, form: Any) -> None:
        demander_suppression_pour_deces(acteur=self.agent, espace=self.objet, **form.cleaned_data)
