"""What an agent establishes of a personne, at /gestion/."""

from typing import Any

from django.db.models import Model

from accounts.gestion.page_acte import PageActe
from accounts.saisies.dates import jour

from ..models import PersonneSirenisee
from ..registre.forms import RepresentantForm, SirenAttribueForm
from ..registre.identification import attribuer_siren
from ..registre.representants import enregistrer_representant, representant_de


class EnregistrerRepresentant(PageActe):
    """Record who represents this personne, with the proof seen."""

    nom = "representant"
    titre = "Enregistrer le représentant légal"
    bouton = "Enregistrer le représentant légal"
    succes = "Le représentant légal est enregistré."
    form_class = RepresentantForm

    @staticmethod
    def possible(objet: PersonneSirenisee) -> bool:
        return True

    def faits(self) -> list[tuple[str, str | Model]]:
        actuel = representant_de(self.objet)
        dit = "aucun"
        if actuel is not None:
            dit = f"{actuel.nom_complet} ({actuel.get_source_display()}, établi le {jour(actuel.etabli_le)})"
        return [
            ("Personne sirénisée", self.objet),
            ("Représentant légal enregistré", dit),
            (
                "Ce qui se passe",
                "Si ce n’est plus la même personne, les administrateurs titulaires sont prévenus, et les délégations "
                "sont à revoir. Les courriers d’activation lui sont adressés.",
            ),
        ]

    def agir(self, form: Any) -> None:
        enregistrer_representant(acteur=self.agent, personne=self.objet, **form.cleaned_data)


class AttribuerSiren(PageActe):
    """Give an IDSP its SIREN; where the SIREN has a file already, both become one."""

    nom = "siren"
    titre = "Attribuer le SIREN"
    bouton = "Attribuer le SIREN"
    succes = "Le SIREN est attribué : les droits, les demandes et les messages suivent."
    form_class = SirenAttribueForm

    @staticmethod
    def possible(objet: PersonneSirenisee) -> bool:
        return objet.provisoire

    def faits(self) -> list[tuple[str, str | Model]]:
        return [
            ("Personne sirénisée", self.objet),
            (
                "Ce qui se passe",
                "L’identifiant provisoire mène désormais au SIREN. Si ce SIREN a déjà un dossier, les deux sont réunis : "
                "son nom et son adresse restent, et rien n’y figure deux fois. Cela ne se défait pas.",
            ),
        ]

    def agir(self, form: Any) -> None:
        self.objet = attribuer_siren(acteur=self.agent, personne=self.objet, siren=form.cleaned_data["siren"])
