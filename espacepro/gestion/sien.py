"""What an agent does for the agent's own office, on no row of a list: the office itself is the object of the act."""

from typing import Final

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse

from accounts.gestion.agents import agent_verifie
from accounts.gestion.fonctions import BUREAU
from accounts.models import ServiceGestionnaire, TraceLecture
from accounts.traces.lecture import lire
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
        """Leave a trace of who opened the page."""
        lire(request, TraceLecture.Nature.LISTE, "gestion.idsp")

    def adresses(self, site: admin.AdminSite) -> list[URLPattern]:
        """Return the address of the act, behind the site's door."""
        vue = site.admin_view(DonnerIdsp.as_view(admin=self))
        return [path("idsp/", vue, {"object_id": "sien"}, name="donner_idsp")]


SON_BUREAU: Final = SonBureau()
