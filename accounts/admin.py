"""What an agent reads of the accounts: the services gestionnaires."""

from django.contrib import admin

from .gestion.consultation import ConsultationAdmin
from .models import ServiceGestionnaire


@admin.register(ServiceGestionnaire)
class ServiceGestionnaireAdmin(ConsultationAdmin):
    chemin_service = "pk"
    list_display = ("code", "nom", "type", "telephone", "commune")
    search_fields = ("code", "nom")
    fields = (
        "code",
        "type",
        "nom",
        "telephone",
        "courriel",
        "complement",
        "voie",
        "distribution",
        "code_postal",
        "commune",
        "departements",
    )
