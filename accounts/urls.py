from django.urls import path

from .views import connexion, inscription

urlpatterns = [
    path("connexion/", connexion.Connexion.as_view(), name="connexion"),
    path("deconnexion/", connexion.Deconnexion.as_view(), name="deconnexion"),
    path("session/prolonger/", connexion.prolonger, name="prolonger_session"),
    path("inscription/", inscription.choisir, name="inscription"),
    path("inscription/expert/", inscription.expert, name="inscription_expert"),
    path("inscription/envoyee/", inscription.envoyee, name="inscription_envoyee"),
    path("inscription/renvoyer/", inscription.renvoyer, name="inscription_renvoyer"),
    path("inscription/confirmee/", inscription.confirmee, name="inscription_confirmee"),
    path("inscription/recapitulatif/", inscription.recapitulatif, name="inscription_recapitulatif"),
    path("lien/confirmer/<str:jeton>/", inscription.confirmer, name="confirmer_adresse"),
]
