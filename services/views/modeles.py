"""The models of answer of an office, kept by its head at /gestion/ (issue 15, item 9)."""

from typing import Any

from django import forms
from django.db.models import Model
from django.urls import reverse

from accounts.forms.base import FormulairePortail
from accounts.forms.champs import ChampPhrase, ChampTexte
from accounts.gestion.fonctions import CHEFS
from accounts.gestion.page_acte import PageActe
from accounts.models import ServiceGestionnaire

from ..messagerie.modeles import LONGUEUR_TITRE, enregistrer_modele, retirer_modele
from ..messagerie.themes import a_choisir
from ..models import ModeleDeReponse
from ..models.messagerie import LONGUEUR_TEXTE
from .echanges import DU_TEXTE


class ModeleForm(FormulairePortail):
    """A model: its title, the theme that it serves, its text."""

    regles = {
        **DU_TEXTE,
        "titre_de_modele_requis": "titre",
        "theme_inconnu": "theme",
    }

    titre = ChampPhrase(
        label="Titre",
        max_length=LONGUEUR_TITRE,
        help_text=f"Ce que l’agent lit dans la liste. {LONGUEUR_TITRE} caractères au plus.",
        error_messages={"required": "Donnez un titre à ce modèle."},
    )
    theme = forms.ChoiceField(label="Thème", required=False)
    texte = ChampTexte(
        label="Texte",
        max_length=LONGUEUR_TEXTE,
        widget=forms.Textarea(attrs={"rows": 10}),
        error_messages={"required": "Écrivez le texte du modèle."},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choix = [("", "Tous les thèmes"), *((theme.code, theme.libelle) for theme in a_choisir())]
        self.fields["theme"].choices = choix


class AjouterModele(PageActe):
    """A new model for the office of its head."""

    nom = "ajouter-modele"
    titre = "Ajouter un modèle de réponse"
    bouton = "Enregistrer le modèle"
    succes = "Le modèle est enregistré : les agents de votre service peuvent partir de lui."
    form_class = ModeleForm
    fonctions = CHEFS
    fait = False

    @staticmethod
    def possible(objet: ServiceGestionnaire) -> bool:
        return True

    @property
    def page(self) -> str:
        """Return the list of the models."""
        return reverse("admin:services_modeledereponse_changelist")

    def faits(self) -> list[tuple[str, str | Model]]:
        return [
            ("Service", self.objet),
            ("Qui s’en sert", "Les agents de ce service, quand ils répondent à un message."),
        ]

    def agir(self, form: Any) -> None:
        enregistrer_modele(acteur=self.agent, **form.cleaned_data)


class ActeSurModele(PageActe):
    """An act of the head on a model of the office; those of every office are nobody's to change."""

    fonctions = CHEFS
    objet: ModeleDeReponse

    @staticmethod
    def possible(objet: ModeleDeReponse) -> bool:
        return objet.service_gestionnaire_id is not None

    def faits(self) -> list[tuple[str, str | Model]]:
        return [("Modèle", self.objet.titre), ("Ce qui se passe", "Ce qui a déjà été envoyé ne change pas.")]


class ModifierModele(ActeSurModele):
    """Write a model anew: what was sent from it stays as it was."""

    nom = "modifier"
    titre = "Modifier le modèle"
    bouton = "Enregistrer le modèle"
    succes = "Le modèle est enregistré."
    form_class = ModeleForm

    def get_initial(self) -> dict[str, Any]:
        return {"titre": self.objet.titre, "theme": self.objet.theme, "texte": self.objet.texte}

    def agir(self, form: Any) -> None:
        enregistrer_modele(acteur=self.agent, modele=self.objet, **form.cleaned_data)


class RetirerModele(ActeSurModele):
    """Withdraw a model."""

    nom = "retirer"
    titre = "Retirer le modèle"
    bouton = "Retirer le modèle"
    succes = "Le modèle est retiré."
    retire = False

    @property
    def page(self) -> str:
        """Return the page of the model; once it is withdrawn, the list."""
        return self.admin.adresse_sans_objet() if self.retire else super().page

    def agir(self, form: Any) -> None:
        retirer_modele(acteur=self.agent, modele=self.objet)
        self.retire = True
