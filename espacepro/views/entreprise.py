"""The page of one company, `/espace/entreprises/<siren>/`, and its tabs: made of every floor, so it stands here.

Who holds nothing there is answered as for a SIREN that does not exist (issue 13 item 3).
"""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.models import Espace
from accounts.portes.acces import espace_requis
from accounts.saisies.porte import lire_recherche
from activation.demandes.lectures import demandes_pour
from habilitations.lectures.cessations import avis_de_cessation
from habilitations.lectures.demandes_habilitation import de_cette_personne
from habilitations.lectures.entreprise import Entreprise, services_de
from habilitations.lectures.entreprise import acces as lire_acces
from habilitations.lectures.entreprise import entreprise as lire_entreprise
from habilitations.lectures.partage import retraits_pour
from services.banque.lectures import sans_compte

from ..accueil.a_faire import pour_l_entreprise


def _vue(espace: Espace, siren: str) -> Entreprise:
    """Return what this espace sees of this SIREN. Raises: Http404 where it holds nothing."""
    vue = lire_entreprise(espace, siren)
    if vue is None:
        raise Http404
    return vue


@espace_requis
@require_GET
def services(request: HttpRequest, espace: Espace, siren: str) -> HttpResponse:
    """What waits for this company, the services held by family, and at their side who has access, the office, the dates."""
    vue = _vue(espace, siren)
    return render(
        request,
        "espacepro/entreprise/services.html",
        {
            "vue": vue,
            "personne": vue.personne,
            "onglet": "services",
            "lues": services_de(vue, espace),
            "cessations": avis_de_cessation([vue.personne]),
            "sans_compte": sans_compte(espace, vue.personne) if vue.voit_les_comptes else None,
            "a_faire": pour_l_entreprise(espace, vue.personne),
            "simplifie": espace.mode == Espace.Mode.SIMPLIFIE,
        },
    )


@espace_requis
@require_GET
def acces(request: HttpRequest, espace: Espace, siren: str) -> HttpResponse:
    """Who has access, as a tree: the whole of it for an administrator, the branch one hangs from for anybody else."""
    vue = _vue(espace, siren)
    service = lire_recherche(request.GET.get("service", ""), 20)
    return render(
        request,
        "espacepro/entreprise/acces.html",
        {
            "vue": vue,
            "personne": vue.personne,
            "onglet": "acces",
            "service": service,
            "lus": lire_acces(vue, espace, service=service, page=request.GET.get("page", "1")),
            "simplifie": espace.mode == Espace.Mode.SIMPLIFIE,
        },
    )


@espace_requis
@require_GET
def demandes(request: HttpRequest, espace: Espace, siren: str) -> HttpResponse:
    """What one asked for this company and its letters; the requests to leave that one made or has to answer."""
    vue = _vue(espace, siren)
    return render(
        request,
        "espacepro/entreprise/demandes.html",
        {
            "vue": vue,
            "personne": vue.personne,
            "onglet": "demandes",
            "page": demandes_pour(espace, vue.personne, request.GET.get("page", "1")),
            "habilitations": de_cette_personne(espace, vue.personne.siren, administre=vue.administre),
            "retraits": retraits_pour(espace, vue.actives, vue.personne),
            "simplifie": espace.mode == Espace.Mode.SIMPLIFIE,
        },
    )
