"""The addresses that are slowed or asked to verify now: the cell reads them, lifts their marks, or blocks one (R17; CGU §3.7.b)."""

from typing import Any, Final

from django.contrib import admin, messages
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_GET

from accounts.gestion.adresses_de_liste import AdresseRefusee, exiger_nue
from accounts.gestion.agents import agent_verifie
from accounts.gestion.fonctions import SURVEILLANCE
from accounts.gestion.page_acte import PageActe
from accounts.models import TraceLecture
from accounts.traces.lecture import lire
from surveillance.automates.grades import SEUILS, Grade
from surveillance.automates.surveillees import (
    AU_PLUS,
    Surveillee,
    adresse_surveillee,
    adresses_surveillees,
    lever_les_marques,
)

from .blocages_pages import BloquerAdresse


def _est_de_la_cellule(request: HttpRequest) -> bool:
    agent = agent_verifie(request)
    return agent is not None and agent.fonction in SURVEILLANCE


@require_GET
def surveillees(request: HttpRequest) -> HttpResponse:
    """Show the addresses under watch, the heaviest first, or say that their memory does not answer. Raises: Http404."""
    if not _est_de_la_cellule(request):
        raise Http404
    try:
        exiger_nue(request)
    except AdresseRefusee as refus:
        return render(request, "erreurs/400.html", status=refus.statut)
    lues = adresses_surveillees()
    lire(request, TraceLecture.Nature.LISTE, "gestion.surveillees", lignes=len(lues or []))
    return render(
        request,
        "gestion/surveillees.html",
        {
            **admin.site.each_context(request),
            "title": "Adresses surveillées",
            "muette": lues is None,
            "lignes": lues or [],
            "pleine": len(lues or []) == AU_PLUS,
            "ralentir": SEUILS[Grade.RALENTIR],
            "verifier": SEUILS[Grade.VERIFIER],
            "bloquer": SEUILS[Grade.BLOQUER],
        },
    )


class LeverLesMarques(PageActe):
    """Forget what was seen of an address."""

    nom = "lever"
    titre = "Lever les marques d’une adresse"
    bouton = "Lever les marques"
    revenir = "Revenir aux adresses surveillées"
    succes = "Les marques sont levées : l’adresse n’est plus ni ralentie ni vérifiée."
    fonctions = SURVEILLANCE
    danger = False
    objet: Surveillee

    @staticmethod
    def possible(objet: Surveillee) -> bool:
        return True

    def faits(self) -> list[tuple[str, str | Model]]:
        return [
            ("Adresse", self.objet.reseau),
            ("Ce qu’elle reçoit", self.objet.reponse),
            ("Ce qui a été vu", self.objet.raisons),
            (
                "Ce qui se passe",
                "Ce qui a été vu de cette adresse est oublié. Si un automate s’en sert encore, il est marqué de nouveau en quelques requêtes.",
            ),
        ]

    def agir(self, form: Any) -> None:
        lever_les_marques(acteur=self.agent, surveillee=self.objet.pk)


class BloquerLaSurveillee(BloquerAdresse):
    """Refuse an address that is only watched as yet."""

    revenir = "Revenir aux adresses surveillées"

    objet: Surveillee

    @staticmethod
    def possible(objet: Any) -> bool:
        return True

    def get_initial(self) -> dict[str, Any]:
        return {**super().get_initial(), "reseau": self.objet.reseau}

    def faits(self) -> list[tuple[str, str | Model]]:
        return [("Ce qui a été vu", self.objet.raisons), *super().faits()]


class LesSurveillees:
    """The addresses under watch, of who is of the cell: what `accounts.gestion.page_acte.Dossiers` asks."""

    def get_object(self, request: HttpRequest, object_id: str) -> Surveillee | None:
        """Return the address, for an agent of the cell, while it has marks."""
        return adresse_surveillee(object_id) if _est_de_la_cellule(request) else None

    def absent(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Lead the cell back to the list, which says how it stands. Raises: Http404 for anybody else."""
        if not _est_de_la_cellule(request):
            raise Http404
        messages.warning(request, "Cette adresse n’est plus surveillée, ou la mémoire des marques ne répond pas.")
        return redirect(self.adresse_sans_objet())

    def adresse_de(self, objet: Surveillee) -> str:
        """Return the list."""
        return self.adresse_sans_objet()

    def adresse_sans_objet(self) -> str:
        """Return the list."""
        return reverse("admin:surveillees")

    def tracer_lecture(self, request: HttpRequest, obj: Surveillee) -> None:
        """Leave a trace of who opened the page."""
        lire(request, TraceLecture.Nature.LISTE, "gestion.surveillee")

    def adresses(self, site: admin.AdminSite) -> list[URLPattern]:
        """Return the addresses of the acts, behind the site's door."""
        return [
            path(
                f"adresses-surveillees/<slug:object_id>/{acte.nom}/",
                site.admin_view(acte.as_view(admin=self)),
                name=f"surveillee_{acte.nom}",
            )
            for acte in (LeverLesMarques, BloquerLaSurveillee)
        ]


SURVEILLEES: Final = LesSurveillees()
