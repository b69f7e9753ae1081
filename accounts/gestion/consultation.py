"""What an agent reads in Django's admin, of the agent's own service alone, and which acts hang on it (design.md §1)."""

import hashlib
import hmac
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, ClassVar, Final

from django.conf import settings
from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import quote
from django.contrib.admin.views.main import PAGE_VAR, SEARCH_VAR
from django.core.paginator import Paginator
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.html import format_html_join
from django.utils.text import capfirst

from ..models import Agent, TraceLecture
from ..saisies.dates import jour_en_lettres, jour_heure_en_lettres
from ..saisies.porte import lire_recherche
from ..saisies.repliement import replier
from ..traces.lecture import lire
from .adresses_de_liste import AdresseRefusee, exiger_liste, exiger_nue, exiger_objet, exiger_objet_et_page
from .affaires import affaire_de
from .agents import agent_verifie
from .bureau import est_prise
from .files import catalogue, files_du_modele
from .fonctions import BUREAU, DU_PAYS, LECTEURS
from .listes import ListeDuBureau, en_index, triables

if TYPE_CHECKING:
    from .page_acte import PageActe


def est_surveillant(request: HttpRequest) -> bool:
    """Whether the reader belongs to the surveillance cell."""
    agent = agent_verifie(request)
    return agent is not None and agent.fonction == Agent.Fonction.SURVEILLANCE


def lecture_seule(exiger: Callable[[Any, HttpRequest], None]) -> Callable[[Any], Any]:
    """Have a page of the stock admin refuse, with a page, any address but its own (400) and anything posted (403).

    First of all: the stock admin raises, and logs, on some parameters before it asks who may do what.
    """

    def decorer(vue: Any) -> Any:
        @wraps(vue)
        def gardee(self: Any, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            if request.method not in {"GET", "HEAD", "OPTIONS"}:
                return render(request, "erreurs/403.html", status=403)
            try:
                exiger(self, request)
                return vue(self, request, *args, **kwargs)
            except AdresseRefusee as refus:
                return render(request, "erreurs/400.html", status=refus.statut)

        return gardee

    return decorer


def empreinte_recherche(recherche: str) -> str:
    """Return what a trace says of a search: a name or a number never in clear, the same one always alike; 16 hex."""
    mots = " ".join(map(replier, recherche.split())).strip() or recherche.strip()
    cle = settings.CLES_JOURNAL[0].encode()
    return hmac.new(cle, f"recherche:{mots}".encode(), hashlib.sha256).hexdigest()[:16] if mots else ""


def _oui_ou_non(champ: "models.BooleanField[Any, Any]") -> Callable[[models.Model], str]:
    @admin.display(description=champ.verbose_name, ordering=champ.name)
    def dit(objet: models.Model) -> str:
        return "oui" if getattr(objet, champ.name) else "non"

    return dit


def _en_date(champ: "models.DateField[Any, Any]") -> Callable[[models.Model], str]:
    """A moment or a day of a page, as accounts/saisies/dates.py writes it: the stock admin knows no « 1er »."""
    ecrire = jour_heure_en_lettres if isinstance(champ, models.DateTimeField) else jour_en_lettres

    @admin.display(description=champ.verbose_name, ordering=champ.name)
    def dit(objet: models.Model) -> str:
        return ecrire(getattr(objet, champ.name))

    return dit


class LectureParFonction:
    """Who may see a model: a verified agent whose function is in `fonctions`. Nobody adds, changes or deletes."""

    fonctions: ClassVar[frozenset[Any]] = LECTEURS

    def has_view_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        agent = agent_verifie(request)
        return agent is not None and agent.fonction in self.fonctions

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_add_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False


class LigneConsultation(LectureParFonction, admin.TabularInline):
    """Rows shown with the page of what they belong to, reached only through it."""

    template = "gestion/lignes.html"
    extra = 0
    can_delete = False


def _vue(acte: type["PageActe"], page: "ConsultationAdmin") -> Any:
    """Return the view of this act, behind the agents' door; one that takes files says so (espacepro/corps.py)."""
    vue: Any = page.admin_site.admin_view(acte.as_view(admin=page))
    if acte.fichier_max is not None:
        vue.fichier_max = acte.fichier_max
    return vue


class PagesDUneListe(Paginator):
    """The pages of a list, whose rows are counted up to COMPTEES: what a list costs does not depend on how many the country has."""

    COMPTEES: Final = 10_000

    @cached_property
    def _lues(self) -> int:
        lignes: Any = self.object_list
        return int(lignes.order_by()[: self.COMPTEES + 1].count())

    @property
    def au_dela(self) -> bool:
        """Whether there are rows that no page shows: a search or a filter does."""
        return self._lues > self.COMPTEES

    @cached_property
    def count(self) -> int:
        return min(self._lues, self.COMPTEES)


class ConsultationAdmin(LectureParFonction, admin.ModelAdmin):
    """Lists and pages to read. `chemin_service` leads from a row to its service gestionnaire; empty: all see the same.

    `actes` are the pages of what an agent may do to one row, each calling one act: nothing is written around it.

    Everything the admin shows of a model comes from `get_queryset`, so another service's row is as good as absent.
    """

    chemin_service: ClassVar[str] = ""
    actes: ClassVar[tuple[type["PageActe"], ...]] = ()
    acte_par_ligne: ClassVar[bool] = False  # whether each row of the list offers its next act
    peu_de_lignes: ClassVar[bool] = False  # in the whole country: any column may sort them
    filtres_bornes: ClassVar[frozenset[str]] = (
        frozenset()
    )  # no index begins with them, and the page reads no more for them
    ordre_du_bureau: ClassVar[
        tuple[Any, ...]
    ] = ()  # of what an office reads, where its own index leads from its companies
    actions = None
    list_per_page = 50
    list_max_show_all = 50
    paginator = PagesDUneListe
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    view_on_site = False
    empty_value_display = ""  # a row of a page without anything to say is not shown (static/css/gestion.css)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        """Return the rows of the agent's own service; all for the cell and the auditors; none for who may not read these."""
        lignes = super().get_queryset(request)
        agent = agent_verifie(request)
        if agent is None or agent.fonction not in self.fonctions:
            return lignes.none()
        if agent.fonction in DU_PAYS:
            return lignes
        return self.limiter_au_service(lignes, agent)

    def limiter_au_service(self, lignes: models.QuerySet[Any], agent: Agent) -> models.QuerySet[Any]:
        if not self.chemin_service:
            return lignes
        return lignes.filter(**{self.chemin_service: agent.service_gestionnaire_id})

    def triee_par_index(self, request: HttpRequest) -> bool:
        """Whether only what an index is sorted by may sort this list: that of the whole country, where there are many rows."""
        agent = agent_verifie(request)
        return not self.peu_de_lignes and agent is not None and agent.fonction in DU_PAYS

    def par_les_entreprises(self, request: HttpRequest) -> bool:
        """Whether the rows that this reader may see are few among many, found through what they are about."""
        agent = agent_verifie(request)
        du_pays = agent is None or agent.fonction in DU_PAYS
        return not du_pays and not self.peu_de_lignes and "__" in self.chemin_service

    def get_ordering(self, request: HttpRequest) -> Any:
        """Return the order in which the rows come: an office's own where there is one."""
        return (self.par_les_entreprises(request) and self.ordre_du_bureau) or super().get_ordering(request)

    def get_list_filter(self, request: HttpRequest) -> Any:
        """Return the filters: of the rows of the whole country, those that an index begins with, or that the page bounds itself."""
        filtres: Any = super().get_list_filter(request)
        if not self.triee_par_index(request):
            return filtres
        servis = en_index(self.model) | self.filtres_bornes
        return tuple(filtre for filtre in filtres if (filtre if isinstance(filtre, str) else filtre[0]) in servis)

    def get_sortable_by(self, request: HttpRequest) -> Any:
        """Return the columns whose headers sort."""
        if not self.triee_par_index(request):
            return super().get_sortable_by(request)
        servies = triables(self.model)
        return tuple(nom for nom in self.list_display if isinstance(nom, str) and self._trie(nom) in servies)

    def _trie(self, colonne: str) -> str:
        """Return the field that this column is sorted by; nothing where it is none of this table's."""
        champ = getattr(getattr(self, colonne, None), "admin_order_field", colonne)
        return champ.removeprefix("-") if isinstance(champ, str) else ""

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ListeDuBureau]:
        return ListeDuBureau

    def get_list_display(self, request: HttpRequest) -> Any:
        """Add to the columns, for who may act, the next act that each row allows."""
        agent = agent_verifie(request)
        if not self.acte_par_ligne or agent is None or not any(agent.fonction in acte.fonctions for acte in self.actes):
            return self._booleens_en_mots(self.list_display)

        @admin.display(description="acte")
        def acte(obj: models.Model) -> str:
            possibles = self.actes_possibles(request, obj)[:1]
            return format_html_join(
                "",
                '<a href="{}">{}<span class="visually-hidden"> : {}</span></a>',
                ((p["adresse"], p["titre"], obj) for p in possibles),
            )

        return (*self._booleens_en_mots(self.list_display), acte)

    def get_fields(self, request: HttpRequest, obj: models.Model | None = None) -> Any:
        """Return the fields of the page, what is true or false said in words, and the dates as the house writes them."""
        dates = {champ.name: champ for champ in self.opts.get_fields() if isinstance(champ, models.DateField)}
        champs = self._booleens_en_mots(super().get_fields(request, obj))
        return tuple(_en_date(dates[nom]) if nom in dates else nom for nom in champs)

    def _booleens_en_mots(self, champs: Any) -> tuple[Any, ...]:
        """Put « oui » and « non » for the stock admin's drawings, whose alternative text is « True » or « False »."""
        booleens = {champ.name: champ for champ in self.opts.get_fields() if isinstance(champ, models.BooleanField)}
        return tuple(_oui_ou_non(booleens[nom]) if nom in booleens else nom for nom in champs)

    def get_urls(self) -> list[URLPattern]:
        """Put the acts before the stock pages, whose last address takes whatever is left."""
        prefixe = f"{self.opts.app_label}_{self.opts.model_name}"
        return [
            path(
                f"<path:object_id>/{acte.nom}/",
                _vue(acte, self),
                name=f"{prefixe}_{acte.nom}",
            )
            for acte in self.actes
        ] + super().get_urls()

    def peut_agir(self, request: HttpRequest) -> bool:
        """Whether the reader may act on what is read here: a gestionnaire, who reads the own service's rows alone."""
        agent = agent_verifie(request)
        return agent is not None and agent.fonction in BUREAU

    def actes_possibles(self, request: HttpRequest, obj: models.Model) -> list[dict[str, str]]:
        """Return the name, title and address of each act that this object allows now to this agent."""
        agent, prefixe = agent_verifie(request), f"admin:{self.opts.app_label}_{self.opts.model_name}"
        return [
            {"nom": acte.nom, "titre": acte.titre, "adresse": reverse(f"{prefixe}_{acte.nom}", args=[quote(obj.pk)])}
            for acte in self.actes
            if agent is not None and not acte.menee and agent.fonction in acte.fonctions and acte.possible(obj)
        ]

    def affaire(self, request: HttpRequest, obj: models.Model | None) -> dict[str, Any]:
        """Return what the page says of the queue in which this object waits, or waited: who has it, what comes next."""
        agent, files = agent_verifie(request), files_du_modele(self.opts.label_lower)
        trouvee = affaire_de(agent, files=files, cle=str(obj.pk)) if agent and obj and files else None
        if agent is None or trouvee is None:
            return {"affaire": None}
        prise = est_prise(trouvee, timezone.now())
        return {
            "affaire": trouvee,
            "file": catalogue()[trouvee.file],
            "affaire_prise": prise,
            "affaire_sienne": prise and trouvee.agent_id == agent.pk,
        }

    def adresse_de(self, objet: models.Model) -> str:
        """Return the address of the page of this row."""
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[quote(objet.pk)])

    def adresse_sans_objet(self) -> str:
        """Return the list, where to go once the row is no longer the agent's to read."""
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")

    def absent(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Answer for a row that the agent may not read, as the stock admin does for one that does not exist."""
        return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)  # type: ignore[attr-defined]

    def tracer_lecture(
        self, request: HttpRequest, obj: models.Model, nature: TraceLecture.Nature = TraceLecture.Nature.CONSULTATION
    ) -> None:
        """Leave a trace of who looked at this object (R24), without personal data."""
        lire(request, nature, self.opts.label_lower, cle=str(obj.pk))

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Read the list and leave a trace of it. Raises AdresseRefusee for a page beyond the last one."""
        try:
            liste = super().get_changelist_instance(request)
        except IncorrectLookupParameters as erreur:
            raise AdresseRefusee from erreur
        page = request.GET.get(PAGE_VAR, "1")
        if page != "1" and not liste.multi_page:
            raise AdresseRefusee
        lire(
            request,
            TraceLecture.Nature.LISTE,
            self.opts.label_lower,
            page=page,
            filtres=sorted(f"{nom}={valeur}" for nom, (valeur,) in liste.get_filters_params().items()),
            recherche=empreinte_recherche(request.GET.get(SEARCH_VAR, "")),
            lignes=liste.result_count,
        )
        return liste

    @lecture_seule(exiger_liste)
    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Name the list by what it holds."""
        titre = capfirst(str(self.opts.verbose_name_plural))
        return super().changelist_view(request, {"title": titre, **(extra_context or {})})

    @lecture_seule(exiger_objet)
    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> Any:
        return super().change_view(request, object_id, *args, **kwargs)

    @lecture_seule(exiger_objet)
    def delete_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> Any:
        return super().delete_view(request, object_id, *args, **kwargs)

    @lecture_seule(lambda page, request: exiger_nue(request))
    def add_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return super().add_view(request, *args, **kwargs)

    @lecture_seule(exiger_objet_et_page)
    def history_view(self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None) -> Any:
        """Show what was done to one row, and leave a trace of who looked."""
        page = super().history_view(request, object_id, extra_context)
        if isinstance(page, TemplateResponse) and page.context_data:
            self.tracer_lecture(request, page.context_data["object"], TraceLecture.Nature.HISTORIQUE)
        return page

    def get_search_results(
        self, request: HttpRequest, queryset: models.QuerySet[Any], search_term: str
    ) -> tuple[models.QuerySet[Any], bool]:
        """Search for what the door leaves of what was typed. `exiger_liste` has refused what it refuses."""
        return super().get_search_results(request, queryset, lire_recherche(search_term))

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        """Ask nothing more: `exiger_liste` has let through the addresses of the filters on display alone."""
        return True

    def contexte_de(self, request: HttpRequest, objet: Any) -> dict[str, Any]:
        """Return what the page of one row shows beside its fields and its acts. Raises: AdresseRefusee."""
        return {}

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Any = None,
    ) -> HttpResponse:
        """Show one row with the acts that it allows, and leave a trace of who looked at it."""
        if obj:
            context |= self.contexte_de(request, obj)
            self.tracer_lecture(request, obj)
        context |= self.affaire(request, obj)
        context["actes"] = self.actes_possibles(request, obj) if obj else []
        return super().render_change_form(request, context, add, change, form_url, obj)
