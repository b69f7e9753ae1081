"""What an agent decides of an adhésion, or answers to a titulaire who asks to leave, at /gestion/ (R22, CGU §4.h)."""

from typing import Any
from uuid import UUID

from django.db.models import Model

from accounts.forms.motif import MotifForm
from accounts.gestion.page_acte import PageActe

from ..arbre.cascade import arbre_de
from ..depart.retraits import accorder_retrait, refuser_retrait, retirer_adhesion
from ..forms import ReponseForm
from ..lectures.partage import etat_lisible
from ..models import Adhesion, DemandeRetrait


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
