"""The lists of the sharing: given, received, exported."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from accounts.models import Espace
from accounts.portes.acces import espace_requis
from accounts.portes.reauthentification import reauthentification_requise

from ..arbre.recentes import DELAI_DECLIN, a_l_essai, indecises
from ..droits.roles import GERER_SUPPLEANTS
from ..lectures.export import Liste
from ..lectures.partage import (
    ETATS,
    PAR_PAGE,
    Filtres,
    expirees,
    mes_habilitations,
    page_de,
    services_de_la_page,
    services_du_filtre,
)
from ..models import Role
from ..partage.autorite import Autorite
from ..partage.suppleances import en_veille_par_lui
from .coches import RECUES, a_cocher, cochees
from .exports import repondre
from .sujets import Sujet


@espace_requis
@require_GET
def recentes(request: HttpRequest, espace: Espace) -> HttpResponse:
    """What one was granted of late and has not used: it may be declined (R11)."""
    recentes = indecises(espace, maintenant=timezone.now())
    page = Paginator(recentes, PAR_PAGE).get_page(request.GET.get("page", "1"))
    return render(
        request,
        "habilitations/recentes.html",
        {
            "page": page,
            "lignes": [(ligne, ligne.accordee_le + DELAI_DECLIN) for ligne in page],
            "cochees": cochees(request, "recentes", source=mes_habilitations(espace), montrees=page, filtres=Filtres()),
        },
    )


@espace_requis
@require_GET
def liste(request: HttpRequest, espace: Espace, sujet: Sujet) -> HttpResponse:
    """What is shared under one's authority, or what one has received (`?sens=recues`), filtered, by pages."""
    filtres = Filtres.depuis(request.GET)
    autorite = Autorite.de(espace)
    recues = _recues(request, autorite, sujet)
    nom = f"{sujet.code}_{RECUES}" if recues else sujet.code
    source = mes_habilitations(espace) if recues else autorite.visibles()
    source = source.filter(role__in=sujet.roles)
    page = page_de(filtres.appliquer(source, espace=espace), request.GET.get("page", "1"), filtres.etat)
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
            "cochees": cochees(
                request,
                nom,
                source=source,
                montrees=a_cocher(page) if recues else [h for h in page if h.pk in permises],
                filtres=filtres,
            ),
            "roles": sujet.libelles_roles,
            "etats": ETATS,
            "avec_par": not recues,
            "expirees": expirees(page),
            "services": services_du_filtre(source) if filtres.poses else services_de_la_page(page),
            "peut_designer": espace.mode == Espace.Mode.EXPERT and autorite.donne(sujet.permission),
            "simplifie": espace.mode != Espace.Mode.EXPERT,
            "url_liste": sujet.url(),
            "url_designer": sujet.url("designer"),
            "url_exporter": sujet.url("exporter"),
            "avec_veille": Role.SUPPLEANT in sujet.roles,
            "a_reactiver": autorite.donne(GERER_SUPPLEANTS) and any(map(en_veille_par_lui, page)),
            "recentes": recues and any(a_l_essai(habilitation, maintenant=timezone.now()) for habilitation in page),
        },
    )


def _recues(request: HttpRequest, autorite: Autorite, sujet: Sujet) -> bool:
    """Whether to show what one has received: when asked for, and to who can share nothing and has only that."""
    sens = request.GET.get("sens", "")
    if sens or autorite.donne(sujet.permission):
        return sens == RECUES
    siennes, vues = autorite.siennes().filter(role__in=sujet.roles), autorite.visibles().filter(role__in=sujet.roles)
    return siennes.exists() and not vues.exists()


@reauthentification_requise
@espace_requis
@require_POST
def exporter_liste(request: HttpRequest, espace: Espace, sujet: Sujet) -> HttpResponseBase:
    """Download what the list shows, with its filters, as XLSX or CSV. A POST, since it leaves a line in the journal."""
    recues = request.POST.get("sens") == RECUES
    nom = f"{sujet.code}-{'recues' if recues else 'accordees'}"
    liste_voulue = Liste(nom, sujet.roles, recues=recues, filtres=Filtres.depuis(request.POST))
    return repondre(request, espace, liste_voulue, retour=sujet.url())
