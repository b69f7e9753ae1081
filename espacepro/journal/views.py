"""« Journal de l'entreprise »: read, filtered, exported."""

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from accounts.models import Espace
from accounts.portes.acces import espace_requis
from accounts.portes.reauthentification import reauthentification_requise
from habilitations.tableurs.ecriture import FORMATS

from .journal_personne import (
    EXPORT_MAX,
    Etendue,
    Filtres,
    actes_filtrables,
    etendue,
    evenements,
    exporter_journal,
    lignes,
)

PAR_PAGE = 25


def _lecture(espace: Espace, filtres: Filtres) -> Etendue:
    """Return what this espace administers. Raises Http404 for a SIREN that is not part of it."""
    mien = etendue(espace)
    if filtres.siren and filtres.siren not in {personne.siren for personne in mien.personnes}:
        raise Http404
    return mien


@espace_requis
@require_GET
def journal(request: HttpRequest, espace: Espace) -> HttpResponse:
    """One page of the journal, with its filters."""
    filtres = Filtres.depuis(request.GET)
    mien = _lecture(espace, filtres)
    page = Paginator(evenements(espace, mien, filtres), PAR_PAGE).get_page(request.GET.get("page", "1"))
    return render(
        request,
        "espacepro/journal_personne.html",
        {
            "page": page,
            "lignes": lignes(espace, mien, page),
            "etendue": mien,
            "filtres": filtres,
            "entreprise": next((personne for personne in mien.personnes if personne.siren == filtres.siren), None),
            "actes": sorted(actes_filtrables().items(), key=lambda acte: acte[1]),
            "export_max": EXPORT_MAX,
        },
    )


@reauthentification_requise
@espace_requis
@require_POST
def exporter(request: HttpRequest, espace: Espace) -> HttpResponse:
    """Download what the page shows, all pages together, as XLSX or CSV. A POST, since it leaves a line in the journal."""
    format_ = request.POST.get("format", "csv")
    if format_ not in FORMATS:
        raise Http404
    filtres = Filtres.depuis(request.POST)
    mien = _lecture(espace, filtres)
    return HttpResponse(
        exporter_journal(acteur=espace, etendue=mien, filtres=filtres, format_=format_),
        content_type=FORMATS[format_],
        headers={"Content-Disposition": f'attachment; filename="journal-entreprise.{format_}"'},
    )
