"""What an agent does to one espace, at /gestion/espaces/…: found as its page is, by who may see it (issue 14, item 4)."""

from typing import Any, ClassVar, Final
from uuid import UUID

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse

from accounts.gestion.agents import agent_verifie
from accounts.gestion.page_acte import PageActe
from accounts.models import Agent, Espace, TraceLecture
from accounts.traces.lecture import lire
from habilitations.views.gestion import LibererEspace, RetirerAdhesionsDeLEspace
from surveillance.espaces.visibilite import espaces_visibles

from .deces_pages import DemanderSuppressionPourDeces
from .desactivation_pages import AnnulerDesactivation, DesactiverEspace
from .orientation_pages import DirigerVersUnService
from .retablissement_pages import DemanderRetablissement, ImprimerPli


class Espaces:
    """The espaces that an agent's office sees, as the objects of acts: what `accounts.gestion.page_acte.Dossiers` asks."""

    actes: ClassVar[tuple[type[PageActe], ...]] = (
        LibererEspace,
        RetirerAdhesionsDeLEspace,
        DemanderSuppressionPourDeces,
        DemanderRetablissement,
        ImprimerPli,
        DesactiverEspace,
        AnnulerDesactivation,
        DirigerVersUnService,
    )
    du_titulaire: ClassVar[frozenset[type[PageActe]]] = frozenset({LibererEspace, RetirerAdhesionsDeLEspace})

    def get_object(self, request: HttpRequest, object_id: str) -> Espace | None:
        """Return the espace, None where the agent's office does not see it."""
        agent = agent_verifie(request)
        if agent is None:
            return None
        lignes = Espace.objects.filter(pk=UUID(object_id)).select_related("compte")
        return espaces_visibles(agent, espaces=lignes).first()

    def absent(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Raises: Http404, as the page of an espace does."""
        raise Http404

    def adresse_de(self, objet: Espace) -> str:
        """Return the page of the espace."""
        return reverse("admin:espace", args=[objet.pk])

    def adresse_sans_objet(self) -> str:
        """Return the home of the desk."""
        return reverse("admin:index")

    def tracer_lecture(self, request: HttpRequest, obj: Espace) -> None:
        """Leave a trace of who looked at this espace."""
        lire(request, TraceLecture.Nature.CONSULTATION, "accounts.espace", cle=obj.numero_abonne)

    def adresses(self, site: admin.AdminSite) -> list[URLPattern]:
        """Return the addresses of the acts, behind the site's door."""
        return [
            path(
                f"espaces/<uuid:object_id>/{acte.nom}/",
                site.admin_view(acte.as_view(admin=self)),
                name=f"espace_{acte.nom}",
            )
            for acte in self.actes
        ]

    def actes_possibles(
        self, agent: Agent, espace: Espace, *, titulaire: bool, veut_partir: bool
    ) -> list[dict[str, Any]]:
        """Return the name and address of each act that this espace allows now to this agent.

        `titulaire`: whether it holds a service as titulaire with the agent's office, without which none is to withdraw.
        `veut_partir`: whether a deletion that something blocks waits; to allow one comes first there, and last elsewhere.
        """
        actes = sorted(self.actes, key=lambda acte: acte is LibererEspace, reverse=veut_partir)
        titres: dict[Any, str] = {}
        if ImprimerPli.possible(
            espace
        ):  # what is left to do of a restoring comes first; to begin again says that it does
            actes.sort(key=lambda acte: acte is not ImprimerPli)
            titres[DemanderRetablissement] = DemanderRetablissement.titre_de_reprise
        return [
            {"titre": titres.get(acte, acte.titre), "adresse": reverse(f"admin:espace_{acte.nom}", args=[espace.pk])}
            for acte in actes
            if agent.fonction in acte.fonctions
            and (titulaire or acte not in self.du_titulaire)
            and acte.possible(espace)
        ]


ESPACES: Final = Espaces()
