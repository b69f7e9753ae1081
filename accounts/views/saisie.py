"""The page that gives back what was posted too late."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from ..models import Espace
from ..portes.acces import espace_present_requis
from ..portes.saisie import oublier_saisie, saisie_gardee


@espace_present_requis
@require_http_methods(["GET", "POST"])
def saisie(request: HttpRequest, espace: Espace) -> HttpResponse:
    """GET shows it, with a button that sends it to where it was going; POST forgets it."""
    if request.method == "POST":
        oublier_saisie(espace)
        messages.success(request, "Cette saisie est effacée : rien n'en est gardé.")
        return redirect("espace")
    gardee = saisie_gardee(espace)
    lisibles = (
        [(nom.replace("_", " ").capitalize(), valeur) for nom, valeur in gardee.champs if valeur] if gardee else []
    )
    return render(request, "accounts/saisie_gardee.html", {"saisie": gardee, "lisibles": lisibles})
