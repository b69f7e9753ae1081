"""What an agent reads of the accounts: the services gestionnaires; the cell, who looked at what."""

from django.contrib import admin

from .gestion.consultation import SURVEILLANCE, ConsultationAdmin
from .models import NomAdmis, ServiceGestionnaire, TraceLecture
from .views.noms_admis import AdmettreNom


@admin.register(ServiceGestionnaire)
class ServiceGestionnaireAdmin(ConsultationAdmin):
    chemin_service = "pk"
    list_display = ("code", "nom", "type", "telephone", "commune")
    search_fields = ("code__startswith", "nom__replie_contient")
    fields = (
        "code",
        "type",
        "nom",
        "telephone",
        "courriel",
        "horaires",
        "complement",
        "voie",
        "distribution",
        "code_postal",
        "commune",
        "departements",
    )
    actes = (AdmettreNom,)


@admin.register(NomAdmis)
class NomAdmisAdmin(ConsultationAdmin):
    """The names admitted by the agents, the same for everybody."""

    list_display = ("nom", "prenom", "agent", "admis_le")
    list_select_related = ("agent",)
    search_fields = ("nom", "prenom")
    fields = ("prenom", "nom", "justificatif", "agent", "admis_le")


@admin.register(TraceLecture)
class TraceLectureAdmin(ConsultationAdmin):
    fonctions = SURVEILLANCE
    list_display = ("minute", "lecteur", "bureau", "nature", "objet", "cle")
    list_filter = ("nature", ("minute", admin.DateFieldListFilter))
    search_fields = ("lecteur__exact", "cle__exact", "bureau__exact")
    search_help_text = "lecteur (agent:…), clé de ce qui a été lu, code du service gestionnaire"
    fields = ("minute", "lecteur", "bureau", "nature", "objet", "cle", "details", "adresse_ip")
