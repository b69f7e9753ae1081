from django.urls import path

from .views import service

urlpatterns = [
    path("espace/services/<str:siren>/<str:code>/", service.ouvrir, name="ouvrir_service"),
]
