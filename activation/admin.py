"""What an agent reads of the demandes and of their letters; never a code, nor what would help to guess one."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.db import models
from django.db.models import F, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.gestion.agents import agent_verifie
from accounts.gestion.consultation import LigneConsultation
from accounts.gestion.fonctions import BUREAU
from accounts.saisies.citations import citer
from accounts.saisies.dates import jour_heure_en_lettres
from services.admin import PERSONNE, RechercheParPersonne

from .courriers.code128 import lire_numero
from .demandes.suites import lettre_possible
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
    ordering = ("-deposee_le", "pk")
    reference = "reference"
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


def _en_clair(nom: str, mots: str) -> Callable[[Courrier], str]:
    """One field of a letter, under words that whoever answers a caller may say; the model's are those of the print shop."""
    champ: Any = Courrier._meta.get_field(nom)

    @admin.display(description=mots, ordering=nom)
    def dit(courrier: Courrier) -> str:
        if isinstance(champ, models.DateTimeField):
            return jour_heure_en_lettres(getattr(courrier, nom)) or "–"
        return str(getattr(courrier, f"get_{nom}_display")() if champ.choices else getattr(courrier, nom))

    dit.__name__ = nom
    return dit


EN_CLAIR: dict[str, Any] = {
    nom: _en_clair(nom, mots)
    for nom, mots in {
        "numero": "lettre n°, trois au plus par demande",
        "canal": "envoyée par",
        "etat": "où elle en est",
        "priorite": "pourquoi ce tour d’envoi",
        "cree_le": "demandée le",
        "pas_avant": "ne part pas avant le",
        "edite_le": "imprimable depuis le",
        "remis_le": "remise à La Poste le",
        "revenu_le": "revenue le",
        "expire_le": "son code vaut jusqu’au",
        "remplace_le": "remplacée par une autre lettre le",
        "essais": "codes faux saisis, cinq au plus",
        "tentatives": "fois où sa préparation a été essayée",
        "ecarte_le": "mise de côté le, faute d’avoir pu être préparée",
    }.items()
}


@admin.register(Courrier)
class CourrierAdmin(RechercheParPersonne):
    chemin_service = "service_gestionnaire"  # the letter's own, which follows its company
    list_display = (
        "__str__",
        "personne",
        *(EN_CLAIR[nom] for nom in ("canal", "etat", "cree_le", "remis_le", "revenu_le", "expire_le")),
    )
    list_filter = ("etat", "canal")
    list_select_related = ("demande__personne",)
    ordering = ("-cree_le", "pk")
    search_fields = tuple(f"demande__{chemin}" for chemin in PERSONNE)
    reference = "demande__reference"
    search_help_text = "SIREN, dénomination, référence de la demande, ou le code à barres de la lettre"
    fields = (
        "demande",
        "entreprise",
        *EN_CLAIR.values(),
    )
    readonly_fields = ("entreprise",)
    acte_par_ligne = True
    actes = (CourrierRevenu, LaisserPartir)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Name the list by what one comes for: what is to be followed stands in the desk of the letters."""
        return super().changelist_view(request, {"title": "Chercher une lettre", **(extra_context or {})})

    def actes_possibles(self, request: HttpRequest, obj: Any) -> list[dict[str, str]]:
        """Offer for a letter that came back what it waits for, in that order: the address, then another letter."""
        return [*super().actes_possibles(request, obj), *self._apres_le_retour(request, obj)]

    @staticmethod
    def _apres_le_retour(request: HttpRequest, courrier: Courrier) -> list[dict[str, str]]:
        agent = agent_verifie(request)
        if agent is None or agent.fonction not in BUREAU:
            return []
        if courrier.etat != Courrier.Etat.NPAI or courrier.remplace_le or not courrier.demande.est_en_cours:
            return []
        suites: list[tuple[str, str, Any]] = [
            ("Corriger l’adresse", "services_personnesirenisee_adresse", courrier.demande.personne_id)
        ]
        if lettre_possible(courrier):
            suites.append((RenvoyerCourrier.titre, "activation_demande_nouvelle-lettre", courrier.demande_id))
        return [{"titre": titre, "adresse": reverse(f"admin:{nom}", args=[cle])} for titre, nom, cle in suites]

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

    @admin.display(description="personne sirénisée")
    def entreprise(self, courrier: Courrier) -> SafeString:
        """The company, and the way to its page: its address is corrected there."""
        personne = courrier.demande.personne
        return format_html(
            '<a href="{}">{}</a>', reverse("admin:services_personnesirenisee_change", args=[personne.pk]), personne
        )


@admin.register(Signalement)
class SignalementAdmin(RechercheParPersonne):
    """The queue of the demandes that a company does not recognise: those to examine first."""

    chemin_service = "demande__personne__service_gestionnaire"
    list_display = ("demande", "personne", "origine", "recu_le", "suspend_jusqu_au", "decision")
    list_filter = ("decision", "origine")
    list_select_related = ("demande__personne",)
    ordering = (F("decide_le").desc(nulls_first=True), "recu_le", "pk")
    search_fields = tuple(f"demande__{chemin}" for chemin in PERSONNE)
    reference = "demande__reference"
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
