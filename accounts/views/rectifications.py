"""Answering a request to correct, at /gestion/ (RGPD art. 12 and 16)."""

from typing import Any, ClassVar

from django import forms
from django.db.models import Model

from ..espace.rectification import LONGUEUR_DE_LA_DEMANDE, repondre_rectification
from ..forms.base import FormulairePortail
from ..forms.champs import ChampTexte
from ..gestion.page_acte import PageActe
from ..models import Rectification
from ..saisies.citations import citer
from ..saisies.dates import jour


class ReponseRectificationForm(FormulairePortail):
    """The words that the person will read."""

    regles = {"reponse_de_rectification_requise": "reponse"}

    reponse = ChampTexte(
        label="Votre réponse",
        help_text=f"Elle est transmise telle quelle à la personne. {LONGUEUR_DE_LA_DEMANDE} caractères au plus.",
        max_length=LONGUEUR_DE_LA_DEMANDE,
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={"required": "Écrivez votre réponse."},
    )


class _Repondre(PageActe):
    """What both answers show."""

    form_class = ReponseRectificationForm
    faite: ClassVar[bool]
    suite: ClassVar[str] = ""

    @staticmethod
    def possible(objet: Rectification) -> bool:
        return objet.etat == Rectification.Etat.DEPOSEE

    def faits(self) -> list[tuple[str, str | Model]]:
        demande = self.objet
        return [
            ("Demandeur", f"{demande.espace.nom_complet}, {demande.espace.numero_lisible}"),
            ("Ce qui est à corriger", demande.objet_pour_l_agent),
            ("Sa demande", citer(demande.texte)),
            ("Réponse due avant le", jour(demande.echeance)),
            ("Ce qui se passe", self.suite),
        ]

    def agir(self, form: Any) -> None:
        repondre_rectification(
            acteur=self.agent, rectification=self.objet, faite=self.faite, reponse=form.cleaned_data["reponse"]
        )


class RectificationFaite(_Repondre):
    """The correction is made; the holder is told what."""

    nom = "faite"
    danger = False
    titre = "Répondre : rectification faite"
    bouton = "Envoyer la réponse"
    succes = "La réponse est envoyée : la personne la lit par courriel et dans son espace."
    faite = True
    suite = (
        "Corrigez d’abord ce qui est à corriger, par l’acte qui convient (adresse, représentant légal, retrait…) : cette réponse "
        "le dit à la personne, et clôt sa demande."
    )


class RectificationRefusee(_Repondre):
    """Nothing is corrected, for a reason that the holder is told."""

    nom = "refuser"
    titre = "Répondre : rien à rectifier"
    bouton = "Envoyer le refus"
    succes = "Le refus est envoyé : la personne le lit par courriel et dans son espace."
    faite = False
    suite = "Rien n’est corrigé. La personne reçoit votre motif, et l’adresse de la CNIL si elle le conteste."
