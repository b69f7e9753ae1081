"""The home pages and the pages of text."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from accounts.espace.recapitulatif import produire_recapitulatif
from accounts.models import Espace, Evenement
from accounts.portes.acces import espace_requis
from accounts.traces.requete import compte_de
from accounts.traces.visibilite import du_journal_de
from accounts.views.inscription import reponse_pdf
from activation.forms import CodeForm
from services.models import Service

from ..accueil.gerer import groupes
from ..accueil.votre_espace import lire_votre_espace
from ..journal.groupes import paginer_par_acte, paginer_un_acte
from ..journal.libelles import dire_au_detenteur, objet_de


@login_not_required
@require_GET
def accueil(request: HttpRequest) -> HttpResponse:
    """The public home page; a person signed in goes to the espace."""
    if request.user.is_authenticated:
        return redirect("admin:index" if request.user.is_staff else "espace")
    return render(request, "espacepro/accueil.html", {"formulaire_code": CodeForm()})


@espace_requis
@require_GET
def gerer_services(request: HttpRequest, espace: Espace) -> HttpResponse:
    """« Gérer les services »: the entries of the CGU that this espace may use, each with its state."""
    return render(
        request,
        "espacepro/gerer_services.html",
        {"simplifie": espace.mode == Espace.Mode.SIMPLIFIE, "groupes": groupes(espace)},
    )


@espace_requis
@require_GET
def votre_espace(request: HttpRequest, espace: Espace) -> HttpResponse:
    """« Votre espace »: what is the holder's own, each thing with its state and the page that changes it."""
    return render(request, "espacepro/votre_espace.html", {"lu": lire_votre_espace(espace, compte_de(request))})


@espace_requis
@require_GET
def journal(request: HttpRequest, espace: Espace) -> HttpResponse:
    """What was done by this espace and on it, by act, newest first; `?lot=` lists the lines of one act."""
    siens = Evenement.objects.filter(du_journal_de(espace.numero_abonne)).order_by("-id")
    services = dict(Service.objects.values_list("code", "libelle"))
    numero = request.GET.get("page", "1")
    lot = request.GET.get("lot", "")
    page, groupes = paginer_un_acte(siens, lot, numero, 25) if lot else paginer_par_acte(siens, numero, 25)

    def service(evenement: Evenement) -> str:
        return services.get(evenement.service, evenement.service)

    lignes = [
        {
            "groupe": groupe,
            "quoi": dire_au_detenteur(groupe.tete),
            "objet": objet_de(groupe.tete) if groupe.seul else "",
            "service": service(groupe.tete),
            "premiers": [(evenement.siren, service(evenement)) for evenement in groupe.premiers],
        }
        for groupe in groupes
    ]
    return render(request, "espacepro/journal.html", {"page": page, "lignes": lignes, "lot": lot})


@espace_requis
@require_GET
def recapitulatif(request: HttpRequest, espace: Espace) -> HttpResponse:
    """The récapitulatif again, without the trust answer (R5)."""
    return reponse_pdf(request, produire_recapitulatif(espace, reponse=None), espace)


@login_not_required
@require_GET
def texte(request: HttpRequest, nom: str) -> HttpResponse:
    """A page of text: help, accessibility."""
    return render(request, f"pages/{nom}.html")
