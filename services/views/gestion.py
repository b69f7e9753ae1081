"""What an agent establishes of a personne, at /gestion/."""

from typing import Any

from django.db.models import Model
from django.urls import reverse

from accounts.gestion.page_acte import PageActe
from accounts.models import Agent, ServiceGestionnaire
from accounts.saisies.dates import jour

from ..fichiers_insee import departement_de
from ..models import PersonneSirenisee
from ..registre.forms import RattachementForm, RepresentantForm, SirenAttribueForm
from ..registre.identification import attribuer_siren
from ..registre.rattachement import bureaux_possibles, rattacher_personne
from ..registre.representants import enregistrer_representant, representant_de


class EnregistrerRepresentant(PageActe):
    """Record who represents this personne, with the proof seen."""

    nom = "representant"
    danger = False
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


class RattacherPersonne(PageActe):
    """Give a personne to another office: its own agents read it no more."""

    nom = "rattacher"
    titre = "Rattacher à un autre service"
    bouton = "Rattacher à ce service"
    succes = "L’entreprise relève désormais de l’autre service : les deux services en sont prévenus, et l’entreprise."
    form_class = RattachementForm
    fonctions = frozenset({Agent.Fonction.CHEF, Agent.Fonction.SURVEILLANCE})
    partie = False

    @staticmethod
    def possible(objet: PersonneSirenisee) -> bool:
        return bool(departement_de(objet.code_postal))

    @property
    def page(self) -> str:
        """Return the page of the personne; once it has gone to another office, the list of those that stay."""
        return reverse("admin:services_personnesirenisee_changelist") if self.partie else super().page

    def get_form(self, form_class: Any = None) -> Any:
        """Offer the offices that may follow it."""
        form = super().get_form(form_class)
        bureaux = [bureau.pk for bureau in bureaux_possibles(self.agent, self.objet)]
        form.fields["vers"].queryset = ServiceGestionnaire.objects.filter(pk__in=bureaux)
        return form

    def faits(self) -> list[tuple[str, str | Model]]:
        lu = "" if self.agent.fonction == Agent.Fonction.SURVEILLANCE else "Vous ne lirez plus ce dossier. "
        return [
            ("Personne sirénisée", self.objet),
            ("Service gestionnaire", self.objet.service_gestionnaire),
            (
                "Ce qui se passe",
                f"{lu}L’autre service le suit, et ce qui attendait un agent l’attend là-bas. Les "
                "droits, les demandes et les courriers ne changent pas.",
            ),
        ]

    def agir(self, form: Any) -> None:
        rattacher_personne(acteur=self.agent, personne=self.objet, **form.cleaned_data)
        self.partie = True
