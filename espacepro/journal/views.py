"""« Journal de l'entreprise »: read, filtered, exported."""

from functools import partial
from itertools import islice

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from accounts.models import Espace
from accounts.portes.acces import espace_requis
from accounts.portes.reauthentification import reauthentification_requise
from habilitations.lectures.cessations import avis_de_cessation
from habilitations.tableurs.ecriture import FORMATS
from services.banque import droits

from .groupes import paginer_par_acte, paginer_un_acte
from .journal_personne import (
    EXPORT_MAX,
    Etendue,
    Filtres,
    actes_filtrables,
    avec_anonymat,
    etendue,
    exporter_journal,
    lignes,
    visibles,
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
    """One page of the journal by act, with its filters; `?lot=` lists the lines of one act."""
    filtres = Filtres.depuis(request.GET)
    mien = _lecture(espace, filtres)
    numero, lot = request.GET.get("page", "1"), request.GET.get("lot", "")
    lisibles = visibles(espace, mien, filtres)
    page, groupes = (
        paginer_un_acte(avec_anonymat(espace, lisibles), lot, numero, PAR_PAGE)
        if lot
        else paginer_par_acte(lisibles, numero, PAR_PAGE, annoter=partial(avec_anonymat, espace))
    )
    if lot or page.has_other_pages():
        nombre = lisibles.values("pk")[: EXPORT_MAX + 1].count()
    else:
        nombre = sum(groupe.nombre for groupe in groupes)
    lues = iter(lignes(espace, mien, [ligne for groupe in groupes for ligne in (groupe.tete, *groupe.premiers)]))
    rangees = [
        {"groupe": groupe, "tete": next(lues), "premiers": list(islice(lues, len(groupe.premiers)))}
        for groupe in groupes
    ]
    entreprise = next((personne for personne in mien.personnes if personne.siren == filtres.siren), None)
    return render(
        request,
        "espacepro/journal_personne.html",
        {
            "page": page,
            "rangees": rangees,
            "lignes": [rangee["tete"] for rangee in rangees],
            "lot": lot,
            "tronque": nombre > EXPORT_MAX,
            "etendue": mien,
            "filtres": filtres,
            "entreprise": entreprise,
            "entreprise_paie": entreprise is not None and droits.peut(espace, droits.VOIR, entreprise),
            "actes": sorted(actes_filtrables().items(), key=lambda acte: acte[1]),
            "export_max": EXPORT_MAX,
            "cessations": avis_de_cessation([p for p in mien.personnes if filtres.siren in {"", p.siren}]),
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
