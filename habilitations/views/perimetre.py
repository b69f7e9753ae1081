"""The perimeter of one's espace, and the assistant that shares the SIREN out between espaces (R13, CGU §3.5.b)."""

from typing import Final

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_POST

from accounts.models import Espace
from accounts.portes.acces import espace_requis
from accounts.saisies.identifiants import pour_chercher

from ..droits.perimetre import Critere, Groupe, repartition
from ..lectures.partage import partageables
from .designer import preparer
from .sujets import DELEGATIONS

GROUPES_PAR_PAGE: Final = 10


@espace_requis
@require_GET
def voir(request: HttpRequest, espace: Espace) -> HttpResponse:
    """The gauge, and the SIREN in groups: by service gestionnaire, or `?par=usage`."""
    critere = Critere.USAGE if request.GET.get("par") == Critere.USAGE else Critere.GESTIONNAIRE
    partage = repartition(espace, critere)
    page = Paginator(partage.groupes, GROUPES_PAR_PAGE).get_page(request.GET.get("page", "1"))
    return render(
        request,
        "habilitations/perimetre.html",
        {
            "partage": partage,
            "page": page,
            "groupes": [(groupe, lien_de_substitution(groupe)) for groupe in page],
            "critere": critere.value,
        },
    )


def lien_de_substitution(groupe: Groupe) -> str:
    """Return the address that another espace opens to ask for this group: its SIREN are chosen there, nothing else."""
    sirens = ",".join(personne.siren for personne in groupe.substituables)
    return f"{settings.SITE_URL}{reverse('substitution')}?{urlencode({'sirens': sirens})}"


@espace_requis
@require_POST
def preparer_delegations(request: HttpRequest, espace: Espace) -> HttpResponse:
    """Choose, for the page of designation, all that may be delegated on the SIREN of one group."""
    sirens = [pour_chercher(siren) for siren in request.POST.getlist("siren")[:100]]
    adhesions = partageables(espace, DELEGATIONS.permission).filter(personne__siren__in=sirens)
    cles = list(adhesions.values_list("adhesion_id", flat=True))
    if not cles:
        messages.error(request, "Votre rôle ne permet de déléguer aucun service de ces SIREN.")
        return redirect("perimetre")
    preparer(request, DELEGATIONS, cles)
    return redirect(DELEGATIONS.url("personne"))
