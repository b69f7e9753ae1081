"""What an agent makes of a closure that the register says, at /gestion/ (design.md §8, CGU §4.h)."""

from typing import Any
from uuid import UUID

from django.db.models import Model

from accounts.forms.champs import ChampJour
from accounts.forms.motif import MotifForm
from accounts.gestion.page_acte import PageActe
from accounts.saisies.dates import jour

from ..lectures.partage import etat_lisible
from ..models import ORDRE, Cessation, Habilitation
from ..registre.cessations import contester_le_registre, fermer_les_services, maintenir_les_services


class MotifCessationForm(MotifForm):
    regles = {"motif_de_cessation_requis": "motif"}


class MaintienForm(MotifCessationForm):
    """Until when the services stay open, and why."""

    regles = {**MotifCessationForm.regles, "maintien_invalide": "jusqu_au"}
    field_order = ("jusqu_au", "motif")

    jusqu_au = ChampJour(label="Dernier jour", error_messages={"required": "Indiquez le dernier jour."})


class DecisionCessation(PageActe):
    """What the three answers share."""

    suite = ""
    form_class = MotifCessationForm

    @staticmethod
    def possible(objet: Cessation) -> bool:
        return objet.est_en_cours

    def faits(self) -> list[tuple[str, str | Model]]:
        cessation = self.objet
        faits: list[tuple[str, str | Model]] = [
            ("Personne sirénisée", cessation.personne),
            ("Dite par le registre le", jour(cessation.constatee_le)),
            ("État", cessation.get_etat_display()),
        ]
        if cessation.restreinte_le is None:
            faits.append(("Sans autre décision, consultation seule à partir du", cessation.echeance))
        return [*faits, ("Ce qui se passe", self.suite)]


class FermerServices(DecisionCessation):
    """Close all: the page shows first everything that falls."""

    mot_de_passe_frais = True
    nom = "fermer"
    titre = "Fermer les services"
    bouton = "Fermer tous les services"
    succes = "Les services sont fermés : les habilitations ont pris fin, et chaque personne concernée est prévenue."
    suite = (
        "Tous les services de cette personne sont fermés. Toutes les habilitations ci-dessous prennent fin, et chacun est "
        "prévenu. Assurez-vous que les dernières déclarations sont faites : cela ne se défait pas."
    )

    def cles(self) -> list[UUID]:
        return [*Habilitation.objects.vivantes().filter(personne=self.objet.personne).values_list("pk", flat=True)]

    def lignes(self) -> list[list[str]]:
        vivantes = (
            Habilitation.objects.vivantes()
            .filter(personne=self.objet.personne)
            .select_related("espace", "personne", "service")
            .order_by(*ORDRE)
        )
        return [
            [h.espace.nom_complet, h.espace.numero_lisible, f"{h.get_role_display()}, {h.service}", etat_lisible(h)]
            for h in vivantes
        ]

    def agir(self, form: Any) -> None:
        fermer_les_services(
            acteur=self.agent, cessation=self.objet, motif=form.cleaned_data["motif"], montrees=self.montrees
        )


class MaintenirServices(DecisionCessation):
    """Keep the rights until a day: a liquidation, heirs."""

    nom = "maintenir"
    danger = False
    titre = "Maintenir les services"
    bouton = "Maintenir les services"
    succes = "Les services sont maintenus, et chaque personne habilitée est prévenue."
    form_class = MaintienForm
    suite = (
        "Chacun garde ses droits jusqu’à ce jour compris, puis la consultation seule. Aucun nouveau droit n’est ouvert "
        "ni accordé."
    )

    def agir(self, form: Any) -> None:
        maintenir_les_services(acteur=self.agent, cessation=self.objet, **form.cleaned_data)


class ContesterRegistre(DecisionCessation):
    """The register is wrong: the company goes on."""

    nom = "contester"
    titre = "Le registre est inexact"
    bouton = "Écarter la cessation"
    succes = "La cessation est écartée : les droits sont ceux d’avant, et chaque personne habilitée est prévenue."
    suite = (
        "Cette personne est traitée comme en activité, jusqu’à ce que le registre la dise rouverte : chacun garde ses "
        "droits, et de nouveaux peuvent être ouverts. Demandez à l’entreprise de faire corriger le registre."
    )

    def agir(self, form: Any) -> None:
        contester_le_registre(acteur=self.agent, cessation=self.objet, motif=form.cleaned_data["motif"])
