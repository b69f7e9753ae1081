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
from ..depart.liberation import RienNeBloqueIci, bloquantes_ailleurs, bloquantes_ici, liberer_espace
from ..depart.retraits import (
    accorder_retrait,
    adhesions_tenues,
    refuser_retrait,
    retirer_adhesion,
    retirer_adhesions,
)
from ..depart.tombees import cles_de, lignes_pour, tombent_sous
from ..forms import AdhesionsForm, ReponseForm
from ..lectures.partage import etat_lisible
from ..models import Adhesion, DemandeRetrait, Habilitation


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

    mot_de_passe_frais = True
    nom = "retirer-adhesions"
    titre = "Retirer plusieurs adhésions"
    bouton = "Retirer ces adhésions"
    colonne = "Services"
    succes = "Les adhésions sont retirées : les habilitations ont pris fin, et chaque personne concernée est prévenue."
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

    def _tombent(self) -> QuerySet[Habilitation]:
        return tombent_sous(self.cochees if self.choisi else [])

    def cles(self) -> list[UUID]:
        return cles_de(self._tombent())

    def lignes(self) -> list[list[str]]:
        return lignes_pour(self.agent, self._tombent())

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


class LibererEspace(PageActe):
    """Remove what of the agent's office keeps an espace from being deleted, and pass the rest to its offices (CGU §4.c)."""

    mot_de_passe_frais = True
    nom = "liberer"
    titre = "Permettre la suppression de l’espace"
    bouton = "Retirer ces adhésions et prévenir le détenteur"
    succes = "Les adhésions de votre service sont retirées : le détenteur reçoit la page où supprimer son espace."
    colonne = "Services"
    form_class = MotifForm

    @staticmethod
    def possible(objet: Espace) -> bool:
        return objet.compte_id is not None  # where nothing keeps it here, its page says so

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show what keeps it here; where nothing does, go back and say so."""
        if not self._ici().exists():
            messages.warning(request, str(RienNeBloqueIci()))
            return redirect(self.page)
        return super().get(request, *args, **kwargs)

    def _ici(self) -> QuerySet[Adhesion]:
        return bloquantes_ici(self.objet, self.agent.service_gestionnaire_id)

    def faits(self) -> list[tuple[str, str | Model]]:
        ailleurs = bloquantes_ailleurs(self.objet, self.agent.service_gestionnaire_id).count()
        faits: list[tuple[str, str | Model]] = [("Espace", f"{self.objet.nom_complet}, {self.objet.numero_lisible}")]
        if ailleurs:
            faits.append(("Adhésions d’autres services", f"{ailleurs} : une demande est transmise à chacun d’eux"))
        return [
            *faits,
            (
                "Ce qui se passe",
                "Les adhésions de votre service qui empêchent la suppression sont retirées : les habilitations ci-dessous "
                "prennent fin, et chacun est prévenu. L’espace n’est pas supprimé : son détenteur reçoit la page où le faire.",
            ),
        ]

    def cles(self) -> list[UUID]:
        return cles_de(tombent_sous(self._ici()))

    def lignes(self) -> list[list[str]]:
        return lignes_pour(self.agent, tombent_sous(self._ici()))

    def agir(self, form: Any) -> None:
        liberer_espace(acteur=self.agent, espace=self.objet, motif=form.cleaned_data["motif"], montrees=self.montrees)


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
