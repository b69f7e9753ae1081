"""What an agent reads of the journal, in French: the acts of every app, by the words of their declarations."""

import json
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from accounts.gestion.consultation import ConsultationAdmin, est_surveillant
from accounts.gestion.fonctions import TOUTES
from accounts.models import Agent, Evenement
from accounts.saisies.identifiants import compacter
from services.admin import siren_saisi
from services.models import IdentifiantRemplace, PersonneSirenisee

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
