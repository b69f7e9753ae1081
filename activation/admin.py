"""What an agent reads of the demandes and of their letters; never a code, nor what would help to guess one."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.gestion.consultation import LigneConsultation
from accounts.saisies.citations import citer
from habilitations.admin import PERSONNE, RechercheParPersonne

from .courriers.code128 import lire_numero
from .models import Courrier, Demande, LigneDemande, Signalement
from .views.gestion import (
    ConfirmerSignalement,
    CourrierRevenu,
    EcarterSignalement,
    LaisserPartir,
    RefuserDemande,
    RenvoyerCourrier,
)


class ServiceDemande(LigneConsultation):
    model = LigneDemande
    fields = ("service", "resultat")
    readonly_fields = fields


class CourrierDeLaDemande(LigneConsultation):
    model = Courrier
    fields = ("numero", "canal", "etat", "cree_le", "pas_avant", "edite_le", "remis_le", "expire_le", "remplace_le")
    readonly_fields = fields


class SignalementDeLaDemande(LigneConsultation):
    model = Signalement
    fields = ("origine", "recu_le", "suspend_jusqu_au", "repris_le", "decision", "decide_le")
    readonly_fields = fields


@admin.register(Demande)
class DemandeAdmin(RechercheParPersonne):
    list_display = ("reference", "personne", "nature", "etat", "deposee_le", "terminee_le")
    list_filter = ("etat", "nature", ("deposee_le", admin.DateFieldListFilter))
    list_select_related = ("personne",)
    search_fields = (*PERSONNE, "reference__replie")
    search_help_text = "SIREN, dénomination, référence"
    fields = (
        "reference",
        "nature",
        "etat",
        "personne",
        "espace",
        "qualite",
        "nouvelle_adresse",
        "deposee_le",
        "terminee_le",
        "motif_refus",
    )
    inlines = (ServiceDemande, CourrierDeLaDemande, SignalementDeLaDemande)
    acte_par_ligne = True
    actes = (RefuserDemande, RenvoyerCourrier)


@admin.register(Courrier)
class CourrierAdmin(RechercheParPersonne):
    chemin_service = "demande__personne__service_gestionnaire"
    list_display = ("__str__", "personne", "canal", "etat", "cree_le", "edite_le", "remis_le", "expire_le")
    list_filter = ("etat", "canal")
    list_select_related = ("demande__personne",)
    search_fields = (
        "demande__personne__siren__startswith",
        "demande__personne__denomination__replie_contient",
        "demande__reference__replie",
    )
    search_help_text = "SIREN, dénomination, référence de la demande, ou le code à barres du courrier"
    fields = (
        "demande",
        "personne",
        "numero",
        "canal",
        "etat",
        "priorite",
        "cree_le",
        "pas_avant",
        "edite_le",
        "remis_le",
        "expire_le",
        "remplace_le",
        "essais",
        "tentatives",
        "ecarte_le",
    )
    readonly_fields = ("personne",)
    acte_par_ligne = True
    actes = (CourrierRevenu, LaisserPartir)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Find by the fields, or the one letter whose bars a hand scanner has read."""
        if lu := lire_numero(search_term):
            return queryset.filter(demande__reference=lu[0], numero=lu[1]), False
        return super().get_search_results(request, queryset, search_term)

    @admin.display(description="personne sirénisée", ordering="demande__personne__denomination")
    def personne(self, courrier: Courrier) -> str:
        return str(courrier.demande.personne)


@admin.register(Signalement)
class SignalementAdmin(RechercheParPersonne):
    """The queue of the demandes that a company does not recognise: those to examine first."""

    chemin_service = "demande__personne__service_gestionnaire"
    list_display = ("demande", "personne", "origine", "recu_le", "suspend_jusqu_au", "decision")
    list_filter = ("decision", "origine")
    list_select_related = ("demande__personne",)
    ordering = ("decide_le", "recu_le", "pk")
    search_fields = (
        "demande__personne__siren__startswith",
        "demande__personne__denomination__replie_contient",
        "demande__reference__replie",
    )
    search_help_text = "SIREN, dénomination, référence de la demande"
    fields = (
        "demande",
        "personne",
        "origine",
        "espace",
        "precision",
        "recu_le",
        "suspend_jusqu_au",
        "repris_le",
        "decision",
        "decide_le",
        "agent",
    )
    readonly_fields = ("personne", "precision")
    acte_par_ligne = True
    actes = (ConfirmerSignalement, EcarterSignalement)

    @admin.display(description="personne sirénisée", ordering="demande__personne__denomination")
    def personne(self, signalement: Signalement) -> str:
        return str(signalement.demande.personne)

    @admin.display(description="précision donnée")
    def precision(self, signalement: Signalement) -> str:
        """What was written, quoted: anybody who had the letter may have written it."""
        return citer(signalement.texte) if signalement.texte else ""
