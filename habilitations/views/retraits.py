"""Leaving a service: one's own requests, the titulaire's inbox, the answers (R22)."""

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.models import Espace
from accounts.portes.acces import espace_requis
from accounts.portes.reauthentification import reauthentification_requise
from accounts.saisies.apercu import CHANGE, est_ce_qui_a_ete_montre
from accounts.saisies.regles import RegleMetier

from ..arbre.cascade import ce_qui_tombe
from ..arbre.montrees import ApercuChange
from ..depart import retraits as actes
from ..forms import ReponseForm
from ..lectures.partage import (
    ETATS,
    PAR_PAGE,
    Filtres,
    expirees,
    mes_habilitations,
    mes_retraits,
    page_de,
    retraits_a_traiter,
    services_de_la_page,
    services_du_filtre,
)
from ..models import Role
from .apercu import empreinte_des_lignes
from .coches import a_cocher, cochees
from .sujets import Touches, dire_combien


@espace_requis
@require_GET
def liste(request: HttpRequest, espace: Espace) -> HttpResponse:
    """The requests that wait for one's answer, and one's own with their state."""
    return render(
        request,
        "habilitations/retraits.html",
        {
            "a_traiter": Paginator(retraits_a_traiter(espace), PAR_PAGE).get_page(request.GET.get("attente", "1")),
            "page": Paginator(mes_retraits(espace), PAR_PAGE).get_page(request.GET.get("page", "1")),
        },
    )


@espace_requis
@require_GET
def choisir(request: HttpRequest, espace: Espace) -> HttpResponse:
    """All that one holds, to tick what one wants to leave."""
    filtres = Filtres.depuis(request.GET)
    source = mes_habilitations(espace)
    page = page_de(filtres.appliquer(source, espace=espace), request.GET.get("page", "1"), filtres.etat)
    return render(
        request,
        "habilitations/retraits_choisir.html",
        {
            "page": page,
            "expirees": expirees(page),
            "filtres": filtres,
            "cochees": cochees(request, "retraits", source=source, montrees=a_cocher(page), filtres=filtres),
            "roles": Role.choices,
            "etats": ETATS,
            "services": services_du_filtre(source) if filtres.poses else services_de_la_page(page),
        },
    )


@reauthentification_requise
@espace_requis
@require_http_methods(["GET", "POST"])
def accepter(request: HttpRequest, espace: Espace, cle: UUID) -> HttpResponse:
    """Grant a request, after a page that shows what falls with it."""
    demande = get_object_or_404(retraits_a_traiter(espace), pk=cle)
    tombent = ce_qui_tombe(demande.habilitation)
    apercu = empreinte_des_lignes([demande.habilitation], tombent)
    if request.method == "POST":
        if not est_ce_qui_a_ete_montre(request.POST, apercu):
            messages.error(request, CHANGE)
            return redirect("retrait_accepter", cle=demande.pk)
        reprendre = request.POST.get("suite") == "reprendre"
        try:
            actes.accepter_retrait(
                acteur=espace, demande=demande, reprendre=reprendre, montrees=[ligne.pk for ligne in tombent]
            )
        except ApercuChange as regle:
            messages.error(request, str(regle))
            return redirect("retrait_accepter", cle=demande.pk)
        except RegleMetier as regle:
            messages.error(request, str(regle))
        else:
            dependait = "dépend désormais de vous" if reprendre else "a pris fin aussi"
            suite = f" Ce qui en dépendait ({dire_combien(tombent)}) {dependait}." if tombent else ""
            messages.success(
                request,
                f"C’est fait : {demande.demandeur.nom_complet} n’a plus accès à ce service, un courriel le lui dit.{suite}",
            )
        return redirect("retraits")
    return render(
        request,
        "habilitations/retrait_accepter.html",
        {
            "demande": demande,
            "apercu": apercu,
            "touches": Touches.de([demande.habilitation]),
            "tombent": Touches.de(tombent),
        },
    )


@espace_requis
@require_http_methods(["GET", "POST"])
def refuser(request: HttpRequest, espace: Espace, cle: UUID) -> HttpResponse:
    """Refuse a request, saying why."""
    demande = get_object_or_404(retraits_a_traiter(espace), pk=cle)
    form = ReponseForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            actes.refuser_retrait(acteur=espace, demande=demande, reponse=form.cleaned_data["reponse"])
        except RegleMetier as regle:
            form.refuser(regle)
        else:
            messages.success(request, "La demande est refusée : la personne en est prévenue.")
            return redirect("retraits")
    return render(request, "habilitations/retrait_refuser.html", {"demande": demande, "formulaire": form})


@espace_requis
@require_POST
def renoncer(request: HttpRequest, espace: Espace, cle: UUID) -> HttpResponse:
    """Take back one's own request."""
    demande = get_object_or_404(mes_retraits(espace), pk=cle)
    try:
        actes.annuler_retrait(acteur=espace, demande=demande)
    except RegleMetier as regle:
        messages.error(request, str(regle))
    else:
        messages.success(request, "Vous gardez ce service : votre demande de retrait est annulée.")
    return redirect("retraits")
