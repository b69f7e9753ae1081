"""The second look at a grave act, at /gestion/: countersign it, refuse it, or take it back (issue 14, item 6)."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from ..forms.base import FormulairePortail
from ..forms.champs import ChampTexte
from ..gestion.contreseings import (
    LONGUEUR_DU_MOTIF,
    ActeGrave,
    ContreseingPasLeVotre,
    abandonner_contreseing,
    actes_graves,
    contresigner,
    refus_de_decider,
    refuser_contreseing,
)
from ..gestion.fonctions import LECTEURS
from ..gestion.page_acte import PageActe
from ..models import Contreseing
from ..saisies.citations import citer
from ..saisies.dates import jour_heure
from ..saisies.regles import RegleMetier


class RefusDeContreseingForm(FormulairePortail):
    """Why the second agent does not countersign."""

    regles = {"motif_de_contreseing_requis": "reponse"}

    reponse = ChampTexte(
        label="Pourquoi vous refusez",
        help_text=f"L’agent qui a demandé cet acte le lit. {LONGUEUR_DU_MOTIF} caractères au plus.",
        max_length=LONGUEUR_DU_MOTIF,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": "Dites pourquoi vous refusez."},
    )


class _SecondRegard(PageActe):
    """What all three show: the act, who asks for it and why, and what its kind adds."""

    fonctions = LECTEURS
    suite = ""

    @staticmethod
    def possible(objet: Contreseing) -> bool:
        return objet.etat == Contreseing.Etat.DEMANDE

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show it to those who may decide; say to others why not."""
        if self.possible(self.objet) and (refus := self.refus()) is not None:
            messages.warning(request, str(refus))
            return redirect(self.page)
        return super().get(request, *args, **kwargs)

    def refus(self) -> RegleMetier | None:
        """Return why this agent may not, if so: the act decides again."""
        return refus_de_decider(self.agent, self.objet)

    @property
    def grave(self) -> ActeGrave:
        return actes_graves()[self.objet.genre]

    def faits(self) -> list[tuple[str, str | Model]]:
        contreseing = self.objet
        return [
            ("Acte demandé", self.grave.libelle),
            ("Demandé par", f"{contreseing.demandeur}, {contreseing.service_gestionnaire}"),
            ("Demandé le", jour_heure(contreseing.demande_le)),
            ("Motif", citer(contreseing.motif)),
            *self.grave.faits(self.agent, contreseing),
            ("Ce qui se passe", self.suite or self.grave.suite),
        ]


class Contresigner(_SecondRegard):
    """Do the act that another agent asked for."""

    mot_de_passe_frais = True
    nom = "contresigner"
    titre = "Contresigner"
    bouton = "Contresigner : l’acte est fait"
    colonne = "Ce qui prend fin"
    succes = "L’acte est contresigné et fait : l’agent qui l’avait demandé est prévenu, et chaque personne concernée."

    def cles(self) -> list[UUID]:
        return self.grave.cles(self.objet)

    def lignes(self) -> list[list[str]]:
        return self.grave.lignes(self.agent, self.objet)

    def agir(self, form: Any) -> None:
        contresigner(acteur=self.agent, contreseing=self.objet, montrees=self.montrees)


class RefuserContreseing(_SecondRegard):
    """Refuse it, saying why."""

    nom = "refuser"
    titre = "Refuser de contresigner"
    bouton = "Refuser"
    succes = "L’acte est refusé : rien n’est fait, et l’agent qui l’avait demandé lit votre motif."
    form_class = RefusDeContreseingForm
    suite = "Rien n’est fait. L’agent qui a demandé cet acte reçoit votre motif."

    def agir(self, form: Any) -> None:
        refuser_contreseing(acteur=self.agent, contreseing=self.objet, reponse=form.cleaned_data["reponse"])


class AbandonnerContreseing(_SecondRegard):
    """Take back what one has asked for."""

    nom = "abandonner"
    titre = "Abandonner cet acte"
    bouton = "Abandonner"
    succes = "L’acte est abandonné : il n’attend plus de second regard."
    suite = "L’acte n’attend plus de second regard, et rien n’est fait."

    def refus(self) -> RegleMetier | None:
        return None if self.objet.demandeur_id == self.agent.pk else ContreseingPasLeVotre()

    def agir(self, form: Any) -> None:
        abandonner_contreseing(acteur=self.agent, contreseing=self.objet)
