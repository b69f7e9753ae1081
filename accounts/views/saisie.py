"""The pages that give back what was posted too late: a holder's, and an agent's behind the agents' door."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from ..models import Compte, Espace
from ..portes.acces import espace_present_requis
from ..portes.remplissage import A_REMPLIR, lire_en_clair, montrer, textes_saisis
from ..portes.saisie import oublier_saisie, saisie_gardee
from ..traces.requete import compte_de


@espace_present_requis
@require_http_methods(["GET", "POST"])
def saisie(request: HttpRequest, espace: Espace) -> HttpResponse:
    """GET says it in the words of its form. POST goes back to the form, which is filled and sends nothing, or forgets it."""
    return _rendre(request, compte_de(request), "espace")


@require_http_methods(["GET", "POST"])
def saisie_d_agent(request: HttpRequest) -> HttpResponse:
    """The same for the agent who has passed the door: the site puts this page behind it."""
    return _rendre(request, compte_de(request), "admin:index")


def _rendre(request: HttpRequest, compte: Compte, retour: str) -> HttpResponse:
    gardee = saisie_gardee(compte)
    if request.method == "POST":
        if gardee is not None and "reprendre" in request.POST:
            request.session[A_REMPLIR] = [gardee.page, gardee.adresse]
            return redirect(gardee.page)
        if oublier_saisie(compte):
            messages.success(request, "Cette saisie est effacée : rien n’en est gardé.")
        else:
            messages.error(
                request,
                "Cette saisie n’a pas pu être effacée : elle s’effacera d’elle-même dans quinze minutes au plus.",
            )
        return redirect(retour)
    lue = gardee.masquee if gardee else None
    lisibles, a_remplir = lire_en_clair(montrer(request, gardee), lue) if gardee and lue else ([], False)
    return render(
        request,
        "accounts/saisie_gardee.html",
        {
            "saisie": gardee,
            "lisibles": lisibles,
            "a_remplir": a_remplir,
            "textes": textes_saisis(lue) if lue and not a_remplir else [],
        },
    )
