"""What an agent reads of the demandes and of their letters; never a code, nor what would help to guess one."""

from django.contrib import admin

from accounts.gestion.consultation import LigneConsultation
from habilitations.admin import PERSONNE, RechercheParPersonne

from .models import Courrier, Demande, LigneDemande
from .views.gestion import CourrierRevenu, RefuserDemande


class ServiceDemande(LigneConsultation):
    model = LigneDemande
    fields = ("service", "resultat")
    readonly_fields = fields


class CourrierDeLaDemande(LigneConsultation):
    model = Courrier
    fields = ("numero", "canal", "etat", "cree_le", "edite_le", "remis_le", "expire_le", "remplace_le")
    readonly_fields = fields


@admin.register(Demande)
class DemandeAdmin(RechercheParPersonne):
    list_display = ("reference", "personne", "nature", "etat", "deposee_le", "terminee_le")
    list_filter = ("etat", "nature", ("deposee_le", admin.DateFieldListFilter))
    list_select_related = ("personne",)
    search_fields = (*PERSONNE, "reference__iexact")
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
    inlines = (ServiceDemande, CourrierDeLaDemande)
    actes = (RefuserDemande,)


@admin.register(Courrier)
class CourrierAdmin(RechercheParPersonne):
    chemin_service = "demande__personne__service_gestionnaire"
    list_display = ("__str__", "personne", "canal", "etat", "cree_le", "edite_le", "remis_le", "expire_le")
    list_filter = ("etat", "canal")
    list_select_related = ("demande__personne",)
    search_fields = (
        "demande__personne__siren__startswith",
        "demande__personne__denomination__icontains",
        "demande__reference__iexact",
    )
    search_help_text = "SIREN, dénomination, référence de la demande"
    fields = (
        "demande",
        "personne",
        "numero",
        "canal",
        "etat",
        "cree_le",
        "edite_le",
        "remis_le",
        "expire_le",
        "remplace_le",
        "essais",
        "tentatives",
        "ecarte_le",
    )
    readonly_fields = ("personne",)
    actes = (CourrierRevenu,)

    @admin.display(description="personne sirénisée", ordering="demande__personne__denomination")
    def personne(self, courrier: Courrier) -> str:
        return str(courrier.demande.personne)
