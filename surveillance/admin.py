"""What the surveillance cell reads: blocked addresses and disabled espaces; alerts are espacepro/gestion/alertes_pages.py's. No office sees it."""

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.gestion.consultation import ConsultationAdmin
from accounts.gestion.fonctions import SURVEILLANCE
from accounts.saisies.dates import jour_heure

from .automates.pages import LeverBlocage
from .models import BlocageIP, Desactivation


@admin.register(BlocageIP)
class BlocageIPAdmin(ConsultationAdmin):
    """The blocked addresses, those that are lifted included: who blocked, until when, why."""

    fonctions = SURVEILLANCE
    change_list_template = "gestion/blocages.html"
    peu_de_lignes = True
    list_display = ("dit", "motif", "bloque_le", "fin", "levee")
    search_fields = ("motif__replie_contient",)
    search_help_text = "motif"
    fields = ("dit", "motif", "agent", "bloque_le", "fin", "levee")
    readonly_fields = ("dit", "fin", "levee")
    acte_par_ligne = True
    actes = (LeverBlocage,)

    @admin.display(description="adresse ou réseau", ordering="reseau")
    def dit(self, blocage: BlocageIP) -> str:
        return blocage.reseau_lisible

    @admin.display(description="jusqu’à", ordering="jusqu_a")
    def fin(self, blocage: BlocageIP) -> str:
        return jour_heure(blocage.jusqu_a) if blocage.jusqu_a else "décision d’un agent"

    @admin.display(description="levé le", ordering="leve_le")
    def levee(self, blocage: BlocageIP) -> str:
        return jour_heure(blocage.leve_le) if blocage.leve_le and blocage.leve_avant_sa_fin else ""


@admin.register(Desactivation)
class DesactivationAdmin(ConsultationAdmin):
    """The disabled espaces, and how each disabling ended; the acts stand on the page of the espace."""

    fonctions = SURVEILLANCE
    peu_de_lignes = True
    list_display = ("desactive_le", "detenteur", "voie", "suite", "motif")
    list_filter = ("voie", ("desactive_le", admin.DateFieldListFilter))
    list_select_related = ("espace",)
    search_fields = ("espace__numero_abonne__exact", "motif__replie_contient")
    search_help_text = "numéro d’abonné, motif"
    fields = (
        "desactive_le",
        "page_de_l_espace",
        "voie",
        "raison",
        "motif",
        "agent",
        "depuis",
        "suite",
        "annulee_par",
        "tranchee_le",
    )
    readonly_fields = ("page_de_l_espace", "suite")

    @admin.display(description="espace")
    def detenteur(self, desactivation: Desactivation) -> str:
        return f"{desactivation.espace.nom_complet} ({desactivation.espace.numero_lisible})"

    @admin.display(description="espace")
    def page_de_l_espace(self, desactivation: Desactivation) -> SafeString:
        adresse = reverse("admin:espace", args=[desactivation.espace_id])
        return format_html('<a href="{}">{}</a>', adresse, self.detenteur(desactivation))

    @admin.display(description="suite")
    def suite(self, desactivation: Desactivation) -> str:
        if desactivation.annulee_le is not None:
            return f"annulée, {jour_heure(desactivation.annulee_le)}"
        if desactivation.retablie_le is not None:
            return f"rétabli au guichet, {jour_heure(desactivation.retablie_le)}"
        return "en cours"
