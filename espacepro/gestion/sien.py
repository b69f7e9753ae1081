"""What an agent does for the agent's own office, on no row of a list: the office itself is the object of the act."""

from typing import Any, Final

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse

from accounts.gestion.agents import agent_verifie
from accounts.gestion.fonctions import BUREAU
from accounts.gestion.page_acte import PageActe
from accounts.models import ServiceGestionnaire, TraceLecture
from accounts.traces.lecture import lire
from services.views.modeles import AjouterModele
from services.views.provisoires import DonnerIdsp


class SonBureau:
    """The office of the agent who acts: what `accounts.gestion.page_acte.Dossiers` asks."""

    def get_object(self, request: HttpRequest, object_id: str) -> ServiceGestionnaire | None:
        """Return the agent's own office, None for who acts for none."""
        agent = agent_verifie(request)
        return agent.service_gestionnaire if agent is not None and agent.fonction in BUREAU else None

    def absent(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Raises: Http404."""
        raise Http404

    def adresse_de(self, objet: ServiceGestionnaire) -> str:
        """Return the home of the desk."""
        return reverse("admin:index")

    def adresse_sans_objet(self) -> str:
        """Return the home of the desk."""
        return reverse("admin:index")

    def tracer_lecture(self, request: HttpRequest, obj: ServiceGestionnaire) -> None:
        """Leave a trace of who opened which page."""
        ouverte = request.resolver_match.url_name if request.resolver_match else None
        lire(request, TraceLecture.Nature.LISTE, "gestion.modele" if ouverte == "ajouter_modele" else "gestion.idsp")

    def adresses(self, site: admin.AdminSite) -> list[URLPattern]:
        """Return the addresses of the acts, behind the site's door."""
        return [
            path("idsp/", self._vue(site, DonnerIdsp), {"object_id": "sien"}, name="donner_idsp"),
            path("modele/", self._vue(site, AjouterModele), {"object_id": "sien"}, name="ajouter_modele"),
        ]

    def _vue(self, site: admin.AdminSite, acte: type[PageActe]) -> Any:
        return site.admin_view(acte.as_view(admin=self))


SON_BUREAU: Final = SonBureau()
