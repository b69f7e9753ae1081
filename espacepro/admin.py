"""What an agent reads that every app knows something of: the companies, and the journal by the words of the declarations."""

import json
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from accounts.gestion.agents import agent_verifie
from accounts.gestion.consultation import ConsultationAdmin, est_surveillant
from accounts.gestion.fonctions import TOUTES
from accounts.models import Agent, Evenement
from accounts.saisies.identifiants import compacter
from habilitations.views.gestion import RetirerAdhesionsDeLaPersonne
from services.admin import siren_saisi
from services.models import IdentifiantRemplace, PersonneSirenisee
from services.views.adresses import RetirerAdresse, SaisirAdresse
from services.views.gestion import AttribuerSiren, EnregistrerRepresentant, RattacherPersonne

from .gestion.dossiers import lire_personne
from .journal.libelles import actes_nommes, libelle_acte


@admin.register(Evenement)
class EvenementAdmin(ConsultationAdmin):
    """The journal: an agent of a service gestionnaire reads what concerns the personnes of that service alone."""

    fonctions = TOUTES
    list_display = ("quand", "quoi", "auteur", "espace", "siren", "service")
    list_filter = (("quand", admin.DateFieldListFilter),)
    search_fields = ("siren__exact", "acte__startswith", "espace__exact", "auteur__exact")
    search_help_text = "SIREN, acte (en français, ou son code), numéro d’abonné, auteur"
    readonly_fields = ("quand", "quoi", "contexte")

    def limiter_au_service(self, lignes: QuerySet[Any], agent: Agent) -> QuerySet[Any]:
        siennes = PersonneSirenisee.objects.filter(service_gestionnaire=agent.service_gestionnaire_id)
        remplaces = IdentifiantRemplace.objects.filter(personne__in=siennes)
        # One list, by index from each SIREN: two joined by OR would have the whole journal read.
        return lignes.filter(siren__in=siennes.values("siren").union(remplaces.values("identifiant"), all=True))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Find by the fields, or by words of the French line of an act."""
        trouves, doublons = super().get_search_results(request, queryset, siren_saisi(search_term))
        numero = compacter(search_term)  # a numéro d'abonné may read as a SIRET: it is looked for as both
        trouves |= queryset.filter(Q(espace=numero) | Q(auteur=numero)) if numero else queryset.none()
        if actes := actes_nommes(search_term):
            trouves |= queryset.filter(acte__in=actes)
        return trouves, doublons

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """The address that acted is for the surveillance cell alone."""
        ips = ("adresse_ip", "requete") if est_surveillant(request) else ()
        return ("quand", "quoi", "acte", "auteur", "espace", "siren", "service", *ips, "contexte")

    @admin.display(description="acte", ordering="acte")
    def quoi(self, evenement: Evenement) -> str:
        return libelle_acte(evenement.acte)

    @admin.display(description="détails")
    def contexte(self, evenement: Evenement) -> str:
        return json.dumps(evenement.details, ensure_ascii=False, sort_keys=True) if evenement.details else ""


@admin.register(PersonneSirenisee)
class PersonneSireniseeAdmin(ConsultationAdmin):
    """The companies, and the page of each: what every floor knows of it, on one page (espacepro/gestion/dossiers.py)."""

    chemin_service = "service_gestionnaire"
    change_form_template = "gestion/personne.html"
    list_display = ("siren_groupe", "denomination", "categorie", "code_postal", "commune", "active")
    list_display_links = ("siren_groupe", "denomination")
    list_filter = ("categorie", "active", "provisoire")
    search_fields = ("siren__startswith", "denomination__replie_contient")
    search_help_text = "SIREN ou IDSP, dénomination"
    fields = ("siren",)  # the page is not made of fields
    actes = (
        EnregistrerRepresentant,
        AttribuerSiren,
        SaisirAdresse,
        RetirerAdresse,
        RetirerAdhesionsDeLaPersonne,
        RattacherPersonne,
    )

    @admin.display(description="SIREN", ordering="siren")
    def siren_groupe(self, personne: PersonneSirenisee) -> str:
        return personne.siren_lisible

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Find a SIREN typed in groups of three as well."""
        return super().get_search_results(request, queryset, siren_saisi(search_term))

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Any = None,
    ) -> HttpResponse:
        """Show all that is known of the company, with the acts that it allows."""
        agent = agent_verifie(request)
        if obj is not None and agent is not None:
            context["dossier"] = lire_personne(agent, obj)
            context["peut_agir"] = self.peut_agir(request)
            context["listes"] = [
                {"titre": titre, "adresse": f"{reverse(nom)}?q={obj.siren}"} for nom, titre in LISTES_DE_LA_PERSONNE
            ]
        return super().render_change_form(request, context, add, change, form_url, obj)


LISTES_DE_LA_PERSONNE = (
    ("admin:activation_demande_changelist", "Demandes"),
    ("admin:activation_courrier_changelist", "Courriers"),
    ("admin:habilitations_cessation_changelist", "Cessations"),
    ("admin:habilitations_adhesion_changelist", "Adhésions"),
    ("admin:habilitations_habilitation_changelist", "Habilitations"),
    ("admin:accounts_evenement_changelist", "Journal"),
)
