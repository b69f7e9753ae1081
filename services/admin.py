"""What an agent reads of the personnes and of the catalogue."""

from django.contrib import admin

from accounts.gestion.consultation import ConsultationAdmin
from accounts.saisies.sirens import SirenInvalide, normaliser_siren

from .models import Service


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
