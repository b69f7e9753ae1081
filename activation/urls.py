from django.urls import path

from .views import demandes

urlpatterns = [
    path("espace/gerer-les-services/adherer/", demandes.adherer, name="adherer"),
    path("espace/gerer-les-services/activer/", demandes.a_activer, name="activer"),
    path("espace/demandes/", demandes.liste, name="demandes"),
    path("espace/demandes/<str:reference>/", demandes.demande, name="demande"),
    path("espace/demandes/<str:reference>/annuler/", demandes.annuler, name="annuler_demande"),
    path("espace/demandes/<str:reference>/nouveau-courrier/", demandes.nouveau_courrier, name="nouveau_courrier"),
]
