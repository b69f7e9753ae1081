"""What an agent decides of an adhésion, or answers to a titulaire who asks to leave, at /gestion/ (R22, CGU §4.h)."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from accounts.forms.motif import MotifForm
from accounts.gestion.page_acte import ActeChoisi, PageActe
from accounts.models import Espace
from services.models import PersonneSirenisee

from ..arbre.cascade import arbre_de
from ..depart.retraits import (
    accorder_retrait,
    adhesions_tenues,
    refuser_retrait,
    retirer_adhesion,
    retirer_adhesions,
)
from ..forms import AdhesionsForm, ReponseForm
from ..lectures.partage import etat_lisible
from ..models import ORDRE, Adhesion, DemandeRetrait, Habilitation


def _cles(adhesion: Adhesion) -> list[UUID]:
    return [habilitation.pk for habilitation in arbre_de(adhesion)]


def _lignes(adhesion: Adhesion) -> list[list[str]]:
    return [
        [
            habilitation.espace.nom_complet,
            habilitation.espace.numero_lisible,
            habilitation.get_role_display(),
            etat_lisible(habilitation),
        ]
        for habilitation in arbre_de(adhesion)
    ]


def _faits(adhesion: Adhesion) -> list[tuple[str, str | Model]]:
    return [("Personne sirénisée", adhesion.personne), ("Service", adhesion.service)]


SUITE = (
    "Ce qui se passe",
    "Le service est fermé pour cette personne. Toutes les habilitations ci-dessous prennent fin, et chacun est prévenu.",
)


class RetirerAdhesion(PageActe):
    """Close an adhésion: the page shows first everything that falls with it."""

    nom = "retirer"
    titre = "Retirer l’adhésion"
    bouton = "Retirer l’adhésion"
    succes = "L’adhésion est retirée : les habilitations ont pris fin, et chaque personne concernée est prévenue."
    form_class = MotifForm

    @staticmethod
    def possible(objet: Adhesion) -> bool:
        return objet.est_ouverte

    def faits(self) -> list[tuple[str, str | Model]]:
        return [*_faits(self.objet), SUITE]

    def cles(self) -> list[UUID]:
        return _cles(self.objet)

    def lignes(self) -> list[list[str]]:
        return _lignes(self.objet)

    def agir(self, form: Any) -> None:
        retirer_adhesion(
            acteur=self.agent,
            adhesion=self.objet,
            motif=form.cleaned_data["motif"],
            montrees=self.montrees,
        )


class RetirerAdhesions(ActeChoisi):
    """Close several adhésions at once: ticked, then shown with all that falls, then confirmed."""

    nom = "retirer-adhesions"
    titre = "Retirer plusieurs adhésions"
    bouton = "Retirer ces adhésions"
    succes = "Les adhésions sont retirées : les habilitations ont pris fin, et chaque personne concernée est prévenue."
    form_class = AdhesionsForm
    cochees: list[Adhesion]

    def retirables(self) -> QuerySet[Adhesion]:
        """Return the open adhésions of the agent's office that this page offers."""
        raise NotImplementedError

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show what may be ticked; where nothing may, go back and say so."""
        if not self.retirables().exists():
            messages.warning(request, "Aucune adhésion ouverte ne relève de votre service.")
            return redirect(self.page)
        return super().get(request, *args, **kwargs)

    def get_form(self, form_class: Any = None) -> Any:
        form = super().get_form(form_class)
        lignes = self.retirables().select_related("personne", "service")
        form.proposer(
            lignes.order_by("personne__denomination", "personne__siren", "service__ordre", "service__code"),
            personne=isinstance(self.objet, Espace),
        )
        return form

    def faits(self) -> list[tuple[str, str | Model]]:
        qui = "Titulaire" if isinstance(self.objet, Espace) else "Personne sirénisée"
        suite = (
            "Les services cochés sont fermés. Toutes les habilitations qui en dépendent prennent fin, et chacun est prévenu "
            "par un seul courriel."
        )
        return [(qui, self.objet), ("Ce qui se passe", suite)]

    def choisir(self, form: Any) -> None:
        self.cochees = list(form.cleaned_data["adhesions"])

    def _vivantes(self) -> QuerySet[Habilitation]:
        return Habilitation.objects.vivantes().filter(adhesion__in=self.cochees if self.choisi else [])

    def cles(self) -> list[UUID]:
        return [*self._vivantes().values_list("pk", flat=True)]

    def lignes(self) -> list[list[str]]:
        vivantes = self._vivantes().select_related("espace", "personne", "service").order_by(*ORDRE)
        return [
            [
                h.espace.nom_complet,
                h.espace.numero_lisible,
                f"{h.get_role_display()}, {h.service} ({h.personne})",
                etat_lisible(h),
            ]
            for h in vivantes
        ]

    def agir(self, form: Any) -> None:
        retirer_adhesions(
            acteur=self.agent, adhesions=self.cochees, motif=form.cleaned_data["motif"], montrees=self.montrees
        )


class RetirerAdhesionsDeLaPersonne(RetirerAdhesions):
    """Those of one company."""

    @staticmethod
    def possible(objet: PersonneSirenisee) -> bool:
        return Adhesion.objects.ouvertes().pour_personne(objet).exists()

    def retirables(self) -> QuerySet[Adhesion]:
        return (
            Adhesion.objects.ouvertes()
            .pour_personne(self.objet)
            .filter(personne__service_gestionnaire=self.agent.service_gestionnaire_id)
        )


class RetirerAdhesionsDeLEspace(RetirerAdhesions):
    """Those that one espace holds as titulaire with the agent's office."""

    @staticmethod
    def possible(objet: Espace) -> bool:
        return objet.compte_id is not None

    def retirables(self) -> QuerySet[Adhesion]:
        return adhesions_tenues(self.objet, self.agent.service_gestionnaire_id)


class ReponseRetrait(PageActe):
    """What both answers to a request to leave show."""

    @staticmethod
    def possible(objet: DemandeRetrait) -> bool:
        return objet.etat == DemandeRetrait.Etat.DEPOSEE

    def faits(self) -> list[tuple[str, str | Model]]:
        demande = self.objet
        return [
            *_faits(demande.habilitation.adhesion),
            ("Demandeur", f"{demande.demandeur.nom_complet}, {demande.habilitation.get_role_display()}"),
            ("Son motif", demande.motif or "aucun"),
        ]


class AccepterRetrait(ReponseRetrait):
    """Grant it: the adhésion closes, and all that hangs under it falls."""

    nom = "accepter"
    titre = "Accepter la demande de retrait"
    bouton = "Accepter et retirer l’adhésion"
    succes = "Le retrait est accepté : l’adhésion est retirée, et chaque personne concernée est prévenue."

    def faits(self) -> list[tuple[str, str | Model]]:
        return [*super().faits(), SUITE]

    def cles(self) -> list[UUID]:
        return _cles(self.objet.habilitation.adhesion)

    def lignes(self) -> list[list[str]]:
        return _lignes(self.objet.habilitation.adhesion)

    def agir(self, form: Any) -> None:
        accorder_retrait(acteur=self.agent, demande=self.objet, montrees=self.montrees)


class RefuserRetrait(ReponseRetrait):
    """Refuse it, saying why."""

    nom = "refuser"
    titre = "Refuser la demande de retrait"
    bouton = "Refuser le retrait"
    succes = "Le retrait est refusé : le demandeur garde son service et reçoit votre réponse."
    form_class = ReponseForm

    def agir(self, form: Any) -> None:
        refuser_retrait(acteur=self.agent, demande=self.objet, reponse=form.cleaned_data["reponse"])
