"""What an agent reads of adhésions, of who holds what, and of the mandates they rest on."""

from typing import Any

from django.contrib import admin
from django.db.models import F, Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse

from accounts.gestion.consultation import LigneConsultation
from services.admin import PAR_ENTREPRISE, PERSONNE, RechercheParPersonne

from .models import Adhesion, Cessation, DemandeRetrait, Habilitation, Mandat
from .views.cessations import ContesterRegistre, FermerServices, MaintenirServices
from .views.gestion import AccepterRetrait, LibererEspace, RefuserRetrait, RetirerAdhesion


class HabilitationLigne(LigneConsultation):
    model = Habilitation
    fk_name = "adhesion"
    fields = ("espace", "role", "etat", "accordee_le", "expire_le", "fin_le", "fin_motif")
    readonly_fields = fields
    verbose_name_plural = "habilitations"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("espace").order_by("-accordee_le")


@admin.register(Adhesion)
class AdhesionAdmin(RechercheParPersonne):
    list_display = ("personne", "service", "ouverte_le", "fermee_le", "fermee_motif")
    list_filter = ("service", "fermee_motif")
    list_select_related = ("personne", "service")
    ordering = ("-pk",)  # their keys are given in the order of time
    ordre_du_bureau = (*PAR_ENTREPRISE, "pk")
    inlines = (HabilitationLigne,)
    acte_par_ligne = True
    actes = (RetirerAdhesion,)


@admin.register(Habilitation)
class HabilitationAdmin(RechercheParPersonne):
    list_display = ("personne", "service", "espace", "role", "etat", "accordee_le", "fin_le")
    list_filter = ("role", "etat", "service")
    list_select_related = ("personne", "service", "espace")
    ordering = ("-adhesion_id", "-pk")  # all who hold the last adhésions
    ordre_du_bureau = (*PAR_ENTREPRISE, "adhesion_id", "pk")
    fields = (
        "personne",
        "service",
        "adhesion",
        "espace",
        "role",
        "etat",
        "veille_motif",
        "veille_depuis",
        "accordee_par_espace",
        "accordee_le",
        "expire_le",
        "revue_le",
        "fin_le",
        "fin_motif",
    )
    readonly_fields = ("accordee_par_espace",)

    @admin.display(description="accordée par")
    def accordee_par_espace(self, habilitation: Habilitation) -> str:
        parent = habilitation.accordee_par
        return f"{parent.espace}, {parent.get_role_display()}" if parent else ""


@admin.register(Cessation)
class CessationAdmin(RechercheParPersonne):
    """The closures that the register says, those that wait for a decision first, the oldest first."""

    list_display = ("constatee_le", "etat", "personne", "echeance_lisible", "restreinte_le", "terminee_le")
    list_filter = ("etat",)
    list_select_related = ("personne",)
    ordering = (F("terminee_le").desc(nulls_first=True), "constatee_le", "pk")
    fields = (
        "personne",
        "constatee_le",
        "etat",
        "maintenue_jusqu_au",
        "restreinte_le",
        "decidee_le",
        "agent",
        "motif",
        "terminee_le",
    )
    acte_par_ligne = True
    actes = (FermerServices, MaintenirServices, ContesterRegistre)

    @admin.display(description="consultation seule à partir du")
    def echeance_lisible(self, cessation: Cessation) -> str:
        return cessation.echeance if cessation.est_en_cours and cessation.restreinte_le is None else ""


@admin.register(DemandeRetrait)
class DemandeRetraitAdmin(RechercheParPersonne):
    """The requests that titulaires address to the service gestionnaire; those addressed to a titulaire are his to read."""

    chemin_service = "habilitation__personne__service_gestionnaire"
    list_display = ("deposee_le", "etat", "personne", "service", "demandeur", "traitee_le")
    list_filter = ("etat", "habilitation__service")
    list_select_related = ("habilitation__personne", "habilitation__service", "demandeur")
    ordering = (F("traitee_le").desc(nulls_first=True), "deposee_le", "pk")  # those that wait, the oldest first
    search_fields = tuple(f"habilitation__{chemin}" for chemin in PERSONNE)
    fields = ("personne", "service", "demandeur", "motif", "etat", "deposee_le", "traitee_le", "reponse")
    readonly_fields = ("personne", "service")
    acte_par_ligne = True
    actes = (AccepterRetrait, RefuserRetrait)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).exclude(service_gestionnaire=None)

    def actes_possibles(self, request: HttpRequest, obj: Model) -> list[dict[str, str]]:
        """Offer as well, of a deletion that is kept, to lift at once all that keeps it with this office."""
        offerts = super().actes_possibles(request, obj)
        if offerts and isinstance(obj, DemandeRetrait) and obj.pour_suppression:
            adresse = reverse("admin:espace_liberer", args=[obj.demandeur_id])
            return [{"titre": LibererEspace.titre, "adresse": adresse}, *offerts]
        return offerts

    @admin.display(description="personne sirénisée", ordering="habilitation__personne__denomination")
    def personne(self, demande: DemandeRetrait) -> str:
        return str(demande.habilitation.personne)

    @admin.display(description="service", ordering="habilitation__service__ordre")
    def service(self, demande: DemandeRetrait) -> str:
        return str(demande.habilitation.service)


@admin.register(Mandat)
class MandatAdmin(RechercheParPersonne):
    list_display = ("demande", "personne", "mandataire", "qualite", "code_saisi_le")
    list_select_related = ("personne", "mandataire")
    ordering = ("-code_saisi_le", "pk")
    ordre_du_bureau = (*PAR_ENTREPRISE, "pk")
    search_fields = PERSONNE
    reference = "demande"
    search_help_text = "SIREN, dénomination, référence de la demande"
    fields = (
        "demande",
        "nature",
        "personne",
        "mandataire",
        "qualite",
        "representant_legal",
        "demarches_autorisees",
        "courrier_numero",
        "courrier_canal",
        "courrier_edite_le",
        "code_saisi_le",
    )
    readonly_fields = ("demarches_autorisees",)

    @admin.display(description="démarches autorisées")
    def demarches_autorisees(self, mandat: Mandat) -> str:
        return ", ".join(str(demarche) for demarche in mandat.demarches)
