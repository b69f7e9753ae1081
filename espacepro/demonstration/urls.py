"""The pages of the demonstration; `espacepro.urls` includes them only when `settings.DEMONSTRATION` is true."""

from django.urls import path

from . import views

app_name = "demonstration"
urlpatterns = [
    path("", views.accueil, name="accueil"),
    path("entrer/<slug:cle>/", views.entrer, name="entrer"),
    path("courriels/", views.courriels, name="courriels"),
    path("courriels/<str:cle>/", views.courriel, name="courriel"),
    path("courriels/<str:cle>/html/", views.courriel_html, name="courriel_html"),
    path("courriels/<str:cle>/pieces/<int:rang>/", views.piece, name="piece"),
    path("courriers/", views.courriers, name="courriers"),
    path("courriers/<uuid:pk>.pdf", views.courrier_pdf, name="courrier_pdf"),
]
