"""The lists of the sharing: given, received, exported."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from accounts.models import Espace
from accounts.portes.acces import espace_requis
from accounts.portes.reauthentification import reauthentification_requise

from ..lectures.export import FORMATS, exporter
from ..lectures.partage import ETATS, Autorite, Filtres, expirees, mes_habilitations, page_de, services_du_filtre
from ..models import Role
from .sujets import Sujet

RECUES = "recues"


@espace_requis
@require_GET
def liste(request: HttpRequest, espace: Espace, sujet: Sujet) -> HttpResponse:
    """What is shared under one's authority, or what one has received (`?sens=recues`), filtered, by pages."""
    recues = request.GET.get("sens") == RECUES
    filtres = Filtres.depuis(request.GET)
    autorite = Autorite.de(espace)
    source = mes_habilitations(espace) if recues else autorite.visibles()
    page = page_de(filtres.appliquer(source.filter(role__in=sujet.roles)), request.GET.get("page", "1"))
    permises = set() if recues else autorite.changeables(page)
    return render(
        request,
        "habilitations/partage_liste.html",
        {
            "sujet": sujet,
            "recues": recues,
            "page": page,
            "permises": permises,
            "filtres": filtres,
            "roles": sujet.libelles_roles,
            "etats": ETATS,
            "expirees": expirees(page),
            "services": services_du_filtre(),
            "peut_designer": espace.mode == Espace.Mode.EXPERT and autorite.donne(sujet.permission),
            "simplifie": espace.mode != Espace.Mode.EXPERT,
            "url_liste": sujet.url(),
            "url_designer": sujet.url("designer"),
            "url_exporter": sujet.url("exporter"),
            "avec_veille": Role.SUPPLEANT in sujet.roles,
        },
    )


@reauthentification_requise
@espace_requis
@require_POST
def exporter_liste(request: HttpRequest, espace: Espace, sujet: Sujet) -> HttpResponse:
    """Download what the list shows, with its filters, as CSV or XLSX. A POST, since it leaves a line in the journal."""
    format_ = request.POST.get("format", "")
    if format_ not in FORMATS:
        raise Http404
    recues = request.POST.get("sens") == RECUES
    source = mes_habilitations(espace) if recues else Autorite.de(espace).visibles()
    habilitations = Filtres.depuis(request.POST).appliquer(source.filter(role__in=sujet.roles))
    nom = f"{sujet.code}-{'recues' if recues else 'accordees'}"
    contenu = exporter(acteur=espace, habilitations=habilitations, format_=format_, quoi=nom)
    return HttpResponse(
        contenu,
        content_type=FORMATS[format_],
        headers={"Content-Disposition": f'attachment; filename="{nom}.{format_}"'},
    )
