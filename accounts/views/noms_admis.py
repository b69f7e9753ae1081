"""Admitting a name, at /gestion/."""

from typing import Any

from django.db.models import Model

from ..espace.noms_admis import LONGUEUR_JUSTIFICATIF, admettre_nom
from ..forms.base import FormulairePortail
from ..forms.champs import ChampRegle
from ..forms.claviers import Clavier
from ..gestion.page_acte import PageActe
from ..models import ServiceGestionnaire
from ..saisies.noms import normaliser_nom, normaliser_texte


class NomAdmisForm(FormulairePortail):
    """The name, and the document that shows it."""

    regles = {"nom_non_reserve": "nom", "identite_non_vue": "justificatif"}

    prenom = ChampRegle(
        normaliser_nom,
        label="Prénom",
        max_length=80,
        clavier=Clavier.NOM_D_AUTRUI,
        error_messages={"required": "Saisissez le prénom que porte la pièce."},
    )
    nom = ChampRegle(
        normaliser_nom,
        label="Nom",
        max_length=80,
        clavier=Clavier.NOM_D_AUTRUI,
        error_messages={"required": "Saisissez le nom que porte la pièce."},
    )
    justificatif = ChampRegle(
        normaliser_texte,
        label="Pièce d’identité vue",
        max_length=LONGUEUR_JUSTIFICATIF,
        error_messages={"required": "Dites quelle pièce d’identité vous avez vue."},
        help_text="Par exemple : carte nationale d’identité vue au guichet le 12 mars 2027.",
        clavier=Clavier.PHRASE,
    )


class AdmettreNom(PageActe):
    """Let somebody who really bears a refused name create an espace; it hangs on the agent's own service."""

    nom = "admettre-nom"
    danger = False
    titre = "Admettre un nom"
    bouton = "Admettre ce nom"
    succes = "Ce nom est admis : la personne peut créer son espace."
    form_class = NomAdmisForm

    @staticmethod
    def possible(objet: ServiceGestionnaire) -> bool:
        return True

    def faits(self) -> list[tuple[str, str | Model]]:
        return [
            ("Service", self.objet),
            (
                "Ce qui se passe",
                "Un nom qui ressemble à celui d’une administration ou à une phrase est refusé à l’inscription. Celui que vous "
                "admettez, au vu d’une pièce d’identité, est accepté de cette seule forme.",
            ),
        ]

    def agir(self, form: Any) -> None:
        admettre_nom(acteur=self.agent, **form.cleaned_data)
