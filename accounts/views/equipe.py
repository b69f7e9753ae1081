"""Looking after the agents of one's office, at /gestion/: their function, and the access of who has lost a device."""

from typing import Any

from django import forms
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from ..forms.base import FormulairePortail
from ..forms.champs import ChampTexte
from ..gestion.agents import (
    PREMIER_MOT_DE_PASSE_DUREE,
    PreuveIdentite,
    fin_du_premier_mot_de_passe,
    reinitialiser_agent,
)
from ..gestion.chefs import SUITE, demander_nomination
from ..gestion.contreseings import LONGUEUR_DU_MOTIF
from ..gestion.equipe import donner_fonction, retirer_fonction
from ..gestion.fonctions import BUREAU, CHEFS, DONNEES
from ..gestion.page_acte import PageActe
from ..models import Agent, Compte
from ..saisies.dates import jour_heure
from ..saisies.regles import RegleMetier

# Another head is made by two agents: NommerChef.
A_DONNER = [
    (fonction.value, fonction.label)
    for fonction in Agent.Fonction
    if fonction in DONNEES[Agent.Fonction.CHEF] - {Agent.Fonction.CHEF}
]


class FonctionForm(FormulairePortail):
    """Which function, among those that a head of office gives."""

    regles = {"fonction_deja_tenue": "fonction", "fonction_hors_de_portee": "fonction"}

    fonction = forms.ChoiceField(
        label="Fonction",
        choices=A_DONNER,
        widget=forms.RadioSelect,
        error_messages={"required": "Choisissez la fonction à donner."},
    )


class ReinitialisationForm(FormulairePortail):
    """How the head knows that it is the agent who asks."""

    preuve = forms.ChoiceField(
        label="Comment avez-vous vérifié son identité ?",
        choices=PreuveIdentite.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Dites comment vous avez vérifié son identité."},
    )


class _DeLEquipe(PageActe):
    """What a head of office does to another agent of the office."""

    fonctions = CHEFS
    mot_de_passe_frais = True

    def faits(self) -> list[tuple[str, str | Model]]:
        return [
            ("Agent", self.objet),
            ("Adresse de connexion", self.objet.compte.email),
            ("Fonction actuelle", self.objet.get_fonction_display()),
            ("Ce qui se passe", self.suite),
        ]

    suite = ""


class DonnerFonction(_DeLEquipe):
    """Another function, or one again."""

    nom = "donner-fonction"
    titre = "Donner une fonction"
    bouton = "Donner cette fonction"
    succes = "La fonction est changée ; l’agent est prévenu par courriel et se connecte de nouveau."
    form_class = FonctionForm
    suite = (
        "L’agent prend cette fonction aussitôt. Ses sessions se ferment, il est prévenu par courriel, et le journal garde votre "
        "nom. Vous ne donnez que les fonctions de votre service."
    )

    @staticmethod
    def possible(objet: Agent) -> bool:
        return objet.fonction in {Agent.Fonction.CHEF, Agent.Fonction.AUCUNE}

    def agir(self, form: Any) -> None:
        donner_fonction(acteur=self.agent, agent=self.objet, fonction=form.cleaned_data["fonction"])


class NominationForm(FormulairePortail):
    """Why, for the second agent."""

    regles = {"motif_de_contreseing_requis": "motif"}

    motif = ChampTexte(
        label="Motif",
        help_text=f"L’agent qui contresigne le lit. {LONGUEUR_DU_MOTIF} caractères au plus.",
        max_length=LONGUEUR_DU_MOTIF,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Dites pourquoi : l’agent qui contresigne lit votre motif."},
    )


class NommerChef(_DeLEquipe):
    """Ask that the agent become a head too: another agent countersigns."""

    nom = "nommer-chef"
    titre = "Demander sa nomination comme chef de service"
    bouton = "Demander cette nomination"
    succes = (
        "La nomination est demandée : elle prend effet quand un autre agent, ou la cellule de surveillance passé un jour ouvré, "
        "l’a contresignée."
    )
    form_class = NominationForm
    suite = f"Rien ne change maintenant : un second agent, qui n’est pas celui que vous nommez, examine votre demande. Ensuite : {SUITE}"

    @staticmethod
    def possible(objet: Agent) -> bool:
        return objet.fonction == Agent.Fonction.GESTIONNAIRE

    def agir(self, form: Any) -> None:
        demander_nomination(acteur=self.agent, agent=self.objet, motif=form.cleaned_data["motif"])


class RetirerFonction(_DeLEquipe):
    """No function any more: no door opens."""

    nom = "retirer-fonction"
    titre = "Retirer sa fonction"
    bouton = "Retirer sa fonction"
    succes = "La fonction est retirée : l’agent n’entre plus, ses affaires sont de nouveau à prendre."
    suite = (
        "L’agent n’entre plus à la gestion, ses sessions se ferment, et ce qu’il avait pris est de nouveau à prendre. Il est "
        "prévenu par courriel. Vous pouvez lui rendre une fonction."
    )

    @staticmethod
    def possible(objet: Agent) -> bool:
        return objet.fonction in BUREAU

    def agir(self, form: Any) -> None:
        retirer_fonction(acteur=self.agent, agent=self.objet)


class ReinitialiserAcces(_DeLEquipe):
    """A telephone is lost: back to the first sign-in, with a first password that is shown once."""

    nom = "reinitialiser"
    titre = "Réinitialiser l’accès (téléphone perdu)"
    bouton = "Réinitialiser l’accès"
    form_class = ReinitialisationForm
    suite = (
        "Le second facteur et les codes de secours sont effacés, ses sessions se ferment. Un premier mot de passe s’affiche une "
        "seule fois : vous le remettez à l’agent en main propre. Il est prévenu par courriel."
    )

    @staticmethod
    def possible(objet: Agent) -> bool:
        return objet.fonction in BUREAU

    def form_valid(self, form: Any) -> HttpResponse:
        """Show the first password in the answer itself: it is kept nowhere, and sent again it draws another."""
        try:
            self.agir(form)
        except RegleMetier as regle:
            return self.montrer_le_refus(form, regle)
        return montrer_le_premier(self.request, self.objet, self.premier, self.page)

    def agir(self, form: Any) -> None:
        self.premier = reinitialiser_agent(acteur=self.agent, agent=self.objet, preuve=form.cleaned_data["preuve"])


def montrer_le_premier(request: HttpRequest, agent: Agent, premier: str, page: str) -> HttpResponse:
    """Return the page that shows a first password, once."""
    compte = Compte.objects.get(pk=agent.compte_id)
    return render(
        request,
        "gestion/premier_mot_de_passe.html",
        {
            "agent_reinitialise": agent,
            "premier": premier,
            "fin": jour_heure(fin_du_premier_mot_de_passe(compte)),
            "jours": PREMIER_MOT_DE_PASSE_DUREE.days,
            "page": page,
        },
    )
