"""The public catalogue: what each online service does, for whom, and how one comes to it (CGU §2.2, §4.h)."""

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.saisies.porte import lire_recherche
from services.catalogue.lectures import Filtres, fiche_du_service, par_famille
from services.models import Categorie, Service


@login_not_required
@require_GET
def catalogue(request: HttpRequest) -> HttpResponse:
    """The services by family; what is searched and chosen stands in the address."""
    famille, domaine = request.GET.get("famille", ""), request.GET.get("domaine", "")
    filtres = Filtres(
        recherche=lire_recherche(request.GET.get("q", "")),
        famille=famille if famille in Service.Famille.values else "",
        domaine=domaine if domaine in Service.Domaine.values else "",
    )
    familles = par_famille(filtres)
    return render(
        request,
        "espacepro/catalogue.html",
        {
            "familles": familles,
            "nombre": sum(len(services) for _, services in familles),
            "filtres": filtres,
            "choix_familles": Service.Famille.choices,
            "choix_domaines": [(code, libelle.capitalize()) for code, libelle in Service.Domaine.choices],
        },
    )


@login_not_required
@require_GET
def service_public(request: HttpRequest, code: str) -> HttpResponse:
    """One service: what it does, for whom, what one needs, how one leaves it."""
    fiche = fiche_du_service(code)
    if fiche is None:
        raise Http404
    categories = [str(Categorie(code).label) for code in fiche.service.categories]
    return render(
        request,
        "espacepro/service_public.html",
        {
            "service": fiche.service,
            "voisins": fiche.voisins,
            "categories": categories,
            "tous": len(categories) == len(Categorie),
        },
    )
