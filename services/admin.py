"""What an agent reads of the personnes and of the catalogue."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from accounts.gestion.consultation import ConsultationAdmin, LigneConsultation
from accounts.saisies.sirens import SirenInvalide, normaliser_siren

from .models import AdresseSaisie, PersonneSirenisee, RepresentantLegal, Service
from .views.adresses import RetirerAdresse, SaisirAdresse
from .views.gestion import AttribuerSiren, EnregistrerRepresentant


class RepresentantLigne(LigneConsultation):
    """Who was on record, by whom and with which proof, the last one first."""

    model = RepresentantLegal
    fields = ("nom_complet", "qualite", "depuis_le", "source", "etabli_le", "agent", "preuve", "fin_le")
    readonly_fields = fields

    @admin.display(description="nom")
    def nom_complet(self, representant: RepresentantLegal) -> str:
        return representant.nom_complet


class AdresseSaisieLigne(LigneConsultation):
    model = AdresseSaisie
    fields = ("adresse", "destinataire", "motif", "justificatif", "agent", "saisie_le", "fin_le")
    readonly_fields = fields

    @admin.display(description="adresse")
    def adresse(self, saisie: AdresseSaisie) -> str:
        return str(saisie)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("agent")


@admin.register(PersonneSirenisee)
class PersonneSireniseeAdmin(ConsultationAdmin):
    chemin_service = "service_gestionnaire"
    list_display = ("siren_groupe", "denomination", "categorie", "code_postal", "commune", "active")
    list_display_links = ("siren_groupe", "denomination")
    list_filter = ("categorie", "active", "provisoire")
    search_fields = ("siren__startswith", "denomination__replie_contient")
    search_help_text = "SIREN ou IDSP, dénomination"
    fields = (
        "siren_groupe",
        "denomination",
        "categorie",
        "categorie_juridique",
        "representant_legal",
        "adresse",
        "courriel",
        "active",
        "cessation_contestee_le",
        "restreinte_le",
        "provisoire",
        "service_gestionnaire",
        "cree_le",
        "modifiee_le",
        "dossier",
    )
    readonly_fields = (
        "siren_groupe",
        "adresse",
        "dossier",
        "cree_le",
        "modifiee_le",
        "cessation_contestee_le",
        "restreinte_le",
    )
    inlines = (RepresentantLigne, AdresseSaisieLigne)
    actes = (EnregistrerRepresentant, AttribuerSiren, SaisirAdresse, RetirerAdresse)

    @admin.display(description="SIREN", ordering="siren")
    def siren_groupe(self, personne: PersonneSirenisee) -> str:
        return personne.siren_lisible

    @admin.display(description="adresse du registre")
    def adresse(self, personne: PersonneSirenisee) -> str:
        return ", ".join(personne.lignes_adresse)

    @admin.display(description="dossier")
    def dossier(self, personne: PersonneSirenisee) -> str:
        """Links to the lists about this personne, found by its SIREN."""
        listes = [
            ("admin:activation_demande_changelist", "Demandes"),
            ("admin:activation_courrier_changelist", "Courriers"),
            ("admin:habilitations_cessation_changelist", "Cessations"),
            ("admin:habilitations_adhesion_changelist", "Adhésions"),
            ("admin:habilitations_habilitation_changelist", "Habilitations"),
            ("admin:accounts_evenement_changelist", "Journal"),
        ]
        liens = [format_html('<a href="{}?q={}">{}</a>', reverse(nom), personne.siren, titre) for nom, titre in listes]
        return format_html(" · ".join(["{}"] * len(liens)), *liens)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Find a SIREN typed in groups of three as well."""
        return super().get_search_results(request, queryset, siren_saisi(search_term))


@admin.register(Service)
class ServiceAdmin(ConsultationAdmin):
    """The catalogue, the same for everybody."""

    list_display = ("code", "libelle", "famille", "domaine", "paiement", "retrait_par_gestionnaire")
    list_filter = ("famille", "domaine", "paiement")
    search_fields = ("code__startswith", "libelle__replie_contient")
    exclude = ("ordre",)


def siren_saisi(recherche: str) -> str:
    """Return a search that is a whole SIREN or SIRET, however typed, as its nine digits; any other as it is."""
    try:
        return normaliser_siren(recherche)
    except SirenInvalide:
        return recherche
