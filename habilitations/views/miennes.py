"""« Vos habilitations »: the page and its files."""

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from accounts.models import Espace
from accounts.portes.acces import espace_requis
from accounts.portes.reauthentification import reauthentification_requise

from ..lectures.miennes import NOM, ORDRES, TAILLES, FiltresMiennes, exporter_miennes, vos_habilitations
from ..tableurs.ecriture import FORMATS


@espace_requis
@require_GET
def liste(request: HttpRequest, espace: Espace) -> HttpResponse:
    """What one holds, what is suspended, what one lost: a tab each."""
    filtres = FiltresMiennes.depuis(request.GET)
    lues = vos_habilitations(espace, filtres, request.GET.get("page", "1"))
    return render(
        request,
        "habilitations/miennes.html",
        {
            "page": lues.page,
            "lignes": lues.lignes,
            "onglets": lues.onglets,
            "comptes": lues.comptes,
            "services": lues.services,
            "roles": lues.roles,
            "filtres": filtres,
            "ordres": ORDRES.items(),
            "tailles": TAILLES,
        },
    )


@reauthentification_requise
@espace_requis
@require_POST
def exporter(request: HttpRequest, espace: Espace) -> HttpResponseBase:
    """Download what the tab shows. A POST, since it leaves a line in the journal."""
    format_ = request.POST.get("format", "")
    if format_ not in FORMATS:
        raise Http404
    filtres = FiltresMiennes.depuis(request.POST)
    reponse = StreamingHttpResponse(
        exporter_miennes(acteur=espace, filtres=filtres, format_=format_), content_type=FORMATS[format_]
    )
    reponse["Content-Disposition"] = f'attachment; filename="{NOM}-{filtres.situation}.{format_}"'
    return reponse
