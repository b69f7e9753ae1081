"""What the surveillance cell reads: alerts and blocked addresses. Agents of a service gestionnaire see none of it."""

from django.contrib import admin
from django.utils.safestring import SafeString

from accounts.gestion.consultation import ConsultationAdmin
from accounts.gestion.faits import en_faits, en_libelle
from accounts.gestion.fonctions import SURVEILLANCE

from .models import Alerte, BlocageIP


@admin.register(Alerte)
class AlerteAdmin(ConsultationAdmin):
    fonctions = SURVEILLANCE
    list_display = ("levee_le", "motif", "compte", "score", "etat", "examinee_le")
    list_filter = ("etat", ("levee_le", admin.DateFieldListFilter))
    list_select_related = ("compte",)
    search_fields = ("motif__replie_contient", "compte__espace__numero_abonne__exact")
    search_help_text = "motif, numéro d’abonné"
    fields = ("levee_le", "motif", "compte", "connexion", "score", "contexte", "etat", "examinee_le", "examinee_par")
    readonly_fields = ("contexte",)

    @admin.display(description="détails")
    def contexte(self, alerte: Alerte) -> SafeString:
        return en_faits({en_libelle(cle): valeur for cle, valeur in sorted(alerte.details.items())})


@admin.register(BlocageIP)
class BlocageIPAdmin(ConsultationAdmin):
    fonctions = SURVEILLANCE
    list_display = ("reseau", "motif", "bloque_le", "jusqu_a", "leve_le")
    search_fields = ("motif__replie_contient",)
