"""What an agent reads that every app knows something of: the companies, and the journal by the words of the declarations."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ORDER_VAR, SEARCH_VAR
from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString

from accounts.documents.typst import siren_lisible
from accounts.gestion.agents import agent_verifie
from accounts.gestion.cessions import toutes_les_cessions_de
from accounts.gestion.consultation import ConsultationAdmin, est_surveillant
from accounts.gestion.fonctions import CONTROLE, DU_PAYS, TOUTES
from accounts.models import Agent, Evenement, TraceLecture
from accounts.saisies.identifiants import compacter
from accounts.saisies.numeros import grouper_numero
from accounts.saisies.porte import lire_recherche
from accounts.traces.actes import catalogue
from accounts.traces.par_date import premiere_ligne_depuis
from habilitations.lectures.recherche import contient
from habilitations.views.gestion import RetirerAdhesionsDeLaPersonne
from services.admin import siren_saisi
from services.models import IdentifiantRemplace, PersonneSirenisee
from services.views.adresses import ClasserSansAdresse
from services.views.gestion import AttribuerSiren, EnregistrerRepresentant, RattacherPersonne
from surveillance.models import Alerte

from .gestion.adresse_corrigee import RetirerAdressePuisLaLettre, SaisirAdressePuisLaLettre
from .gestion.alertes_pages import AlerteAdmin
from .gestion.dossiers import lire_personne
from .gestion.mots import (
    D_UN_AGENT,
    details_en_mots,
    lecture_en_mots,
    nommer,
    nommer_les_objets,
    nommer_les_services,
    objet_lu,
)
from .journal.libelles import actes_nommes, libelle_acte

admin.site.register(Alerte, AlerteAdmin)
BIGINT = 2**63 - 1
CESSIONS_LUES = 1_000  # the last companies that an office gave away
LECTEURS_NOMMES = 100  # agents of one name whose readings one search finds


@admin.register(Evenement)
class EvenementAdmin(ConsultationAdmin):
    """The journal: an agent of a service gestionnaire reads what concerns the personnes of that service alone."""

    fonctions = TOUTES
    list_display = ("moment", "quoi", "par", "espace_lisible", "siren_lisible", "service_lisible")
    list_display_links = ("moment", "quoi")
    list_filter = (("quand", admin.DateFieldListFilter),)
    filtres_bornes = frozenset({"quand"})  # `depuis`
    search_fields = ("siren__exact", "acte__exact", "espace__exact", "auteur__exact")
    search_help_text = "SIREN, acte (en français, ou son code), numéro d’abonné, auteur"
    readonly_fields = ("quand", "quoi", "par", "espace_lisible", "siren_lisible", "service_lisible", "contexte")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        return super().changelist_view(request, {"title": "Journal", **(extra_context or {})})

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the lines; of the whole country since a day, those whose numbers come after it."""
        lignes = super().get_queryset(request)
        jour = request.GET.get("quand__gte", "")
        if not jour or not self.triee_par_index(request):
            return lignes
        return lignes.filter(pk__gte=premiere_ligne_depuis(datetime.fromisoformat(jour)))

    def limiter_au_service(self, lignes: QuerySet[Any], agent: Agent) -> QuerySet[Any]:
        siennes = PersonneSirenisee.objects.filter(service_gestionnaire=agent.service_gestionnaire_id)
        remplaces = IdentifiantRemplace.objects.filter(personne__in=siennes)
        # One list, by index from each SIREN: two joined by OR would have the whole journal read.
        return lignes.filter(siren__in=siennes.values("siren").union(remplaces.values("identifiant"), all=True))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Find by a whole key, each of which has its index, by words of the French line of an act, or by how its code begins.

        No part of a column is looked for, nor word by word: what finds nothing would have the whole journal read.
        """
        texte = lire_recherche(search_term).strip()
        if not texte:
            return queryset, False
        cles = {texte, compacter(texte)} - {""}  # a numéro d'abonné may read as a SIRET: it is looked for as both
        codes = {code for code in catalogue() if code.startswith(texte)} | {*actes_nommes(texte), texte}
        siren = Q(siren=siren_saisi(texte))
        return queryset.filter(siren | Q(espace__in=cles) | Q(auteur__in=cles) | Q(acte__in=codes)), False

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """The address that acted is for the surveillance cell alone."""
        ips = ("adresse_ip", "requete") if est_surveillant(request) else ()
        return ("quand", "quoi", "par", "espace_lisible", "siren_lisible", "service_lisible", *ips, "contexte")

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Read the list, with what the office gave away, then who acted and on which service: three queries for the page."""
        liste = super().get_changelist_instance(request)
        self._joindre_les_cessions(request, liste)
        nommer(liste.result_list, "auteur")
        nommer_les_services(liste.result_list)
        return liste

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Read one line with the names of who acted and of the service."""
        evenement = super().get_object(request, object_id, from_field)
        if (
            evenement is None
            and object_id.isdecimal()
            and len(object_id) < 20
            and (parties := self._cessions(request)) is not None
        ):
            evenement = parties.filter(pk=min(int(object_id), BIGINT)).first()
        nommer(filter(None, [evenement]), "auteur")
        nommer_les_services(filter(None, [evenement]))
        return evenement

    @staticmethod
    def _cessions(request: HttpRequest) -> QuerySet[Evenement] | None:
        """Return the moves away from the reader's office; None for who reads the journal of all.

        The journal of a company is read by the office that follows it now: of what it gave, an office keeps this line.
        """
        agent = agent_verifie(request)
        if agent is None or agent.fonction in DU_PAYS:
            return None
        return toutes_les_cessions_de(agent.service_gestionnaire)

    def _joindre_les_cessions(self, request: HttpRequest, liste: Any) -> None:
        """Put among the lines of this page the moves away that stand between its first and its last; by date alone: another order is of the office's lines."""
        parties = self._cessions(request)
        if parties is None or ORDER_VAR in request.GET:
            return
        # First by their index, which holds the office's own alone: beside the words of a search, another would be chosen.
        cles = list(parties.values_list("pk", flat=True)[:CESSIONS_LUES])
        if not cles:
            return
        parties = Evenement.objects.filter(pk__in=cles).order_by("-pk")
        lignes = list(liste.result_list)
        parties, _ = self.get_search_results(request, parties, request.GET.get(SEARCH_VAR, ""))
        for nom, (valeur,) in liste.get_filters_params().items():
            parties = parties.filter(**{nom: valeur})
        if liste.page_num > 1:
            parties = parties.filter(pk__lt=lignes[0].pk) if lignes else parties.none()
        if liste.multi_page and (liste.page_num < liste.paginator.num_pages or liste.paginator.au_dela):
            parties = parties.filter(pk__gt=lignes[-1].pk)
        # A company that came back is in both.
        jointes = {ligne.pk: ligne for ligne in (*lignes, *parties[: self.list_per_page])}
        liste.result_list = sorted(jointes.values(), key=lambda ligne: -ligne.pk)
        liste.result_count += len(jointes) - len(lignes)

    @admin.display(description="quand", ordering="pk")  # the order of the keys is that of time, and has its index
    def moment(self, evenement: Evenement) -> datetime:
        return evenement.quand

    @admin.display(description="acte", ordering="acte")
    def quoi(self, evenement: Evenement) -> str:
        return libelle_acte(evenement.acte)

    @admin.display(description="détails")
    def contexte(self, evenement: Evenement) -> SafeString:
        return details_en_mots(evenement.details)

    @admin.display(description="par", ordering="auteur")
    def par(self, evenement: Any) -> str:
        return evenement.nomme

    @admin.display(description="espace", ordering="espace")
    def espace_lisible(self, evenement: Evenement) -> str:
        return grouper_numero(evenement.espace)

    @admin.display(description="SIREN", ordering="siren")
    def siren_lisible(self, evenement: Evenement) -> str:
        return siren_lisible(evenement.siren)

    @admin.display(description="service")
    def service_lisible(self, evenement: Any) -> str:
        return evenement.service_nomme


@admin.register(TraceLecture)
class TraceLectureAdmin(ConsultationAdmin):
    """Who has read what: a head of office reads it of the agents of that office, the cell and the auditors of all."""

    fonctions = CONTROLE
    list_display = ("minute", "par", "bureau", "nature", "quoi", "laquelle")
    list_display_links = ("minute", "par")
    list_filter = ("nature", ("minute", admin.DateFieldListFilter))
    search_fields = ("lecteur__exact", "cle__exact", "bureau__exact")
    search_help_text = "nom d’un agent, numéro d’abonné, clé de ce qui a été lu, code du service gestionnaire"
    fields = ("minute", "par", "bureau", "nature", "quoi", "laquelle", "contexte", "adresse_ip")
    readonly_fields = ("par", "quoi", "laquelle", "contexte")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        return super().changelist_view(request, {"title": "Lectures", **(extra_context or {})})

    def limiter_au_service(self, lignes: QuerySet[Any], agent: Agent) -> QuerySet[Any]:
        return lignes.filter(bureau=agent.service_gestionnaire.code)

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Read the list, then who has read: one query for the page."""
        liste = super().get_changelist_instance(request)
        nommer(liste.result_list, "lecteur")
        nommer_les_objets(liste.result_list)
        return liste

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Read one trace with the name of who has read."""
        trace = super().get_object(request, object_id, from_field)
        nommer(filter(None, [trace]), "lecteur")
        nommer_les_objets(filter(None, [trace]))
        return trace

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Find by the fields, by a numéro d'abonné in its groups, or by the name of an agent."""
        trouves, doublons = super().get_search_results(request, queryset, search_term)
        texte, numero = lire_recherche(search_term), compacter(search_term)
        agents = Agent.objects.filter(contient("nom", texte)) if texte else Agent.objects.none()
        lecteur = agent_verifie(request)
        if lecteur is not None and lecteur.fonction not in DU_PAYS:  # the first hundred of the country might be others'
            sien = Q(service_gestionnaire=lecteur.service_gestionnaire_id)
            agents = agents.alias(sien=ExpressionWrapper(sien, BooleanField())).order_by("-sien", "pk")
        # Read first: a subquery beside other conditions would have every trace read.
        lecteurs = [f"{D_UN_AGENT}{cle}" for cle in agents.values_list("pk", flat=True)[:LECTEURS_NOMMES]]
        lecteurs += [numero] if numero else []
        return (trouves | queryset.filter(lecteur__in=lecteurs) if lecteurs else trouves), doublons

    @admin.display(description="lu par", ordering="lecteur")
    def par(self, trace: Any) -> str:
        return trace.nomme

    @admin.display(description="ce qui a été lu", ordering="objet")
    def quoi(self, trace: TraceLecture) -> str:
        return objet_lu(trace.objet)

    @admin.display(description="laquelle", ordering="cle")
    def laquelle(self, trace: Any) -> str:
        """What was opened; a list or a search is not one thing."""
        return trace.objet_nomme

    @admin.display(description="détails")
    def contexte(self, trace: TraceLecture) -> SafeString:
        return lecture_en_mots(trace.details)


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
        SaisirAdressePuisLaLettre,
        RetirerAdressePuisLaLettre,
        ClasserSansAdresse,
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

    def contexte_de(self, request: HttpRequest, objet: Any) -> dict[str, Any]:
        """Show all that is known of the company."""
        agent = agent_verifie(request)
        if agent is None:
            return {}
        return {
            "dossier": lire_personne(agent, objet),
            "peut_agir": self.peut_agir(request),
            "listes": [
                {"titre": titre, "adresse": f"{reverse(nom)}?q={objet.siren}"} for nom, titre in LISTES_DE_LA_PERSONNE
            ],
        }


LISTES_DE_LA_PERSONNE = (
    ("admin:activation_demande_changelist", "Demandes"),
    ("admin:activation_courrier_changelist", "Lettres"),
    ("admin:habilitations_cessation_changelist", "Cessations"),
    ("admin:habilitations_adhesion_changelist", "Adhésions"),
    ("admin:habilitations_habilitation_changelist", "Habilitations"),
    ("admin:services_referencebancaire_changelist", "Comptes bancaires"),
    ("admin:accounts_evenement_changelist", "Journal"),
)
