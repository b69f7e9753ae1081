"""From espace simplifié to espace expert."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.models import Espace
from accounts.portes.acces import espace_requis
from accounts.saisies.regles import RegleMetier

from ..demandes.passage_expert import passer_expert


@espace_requis
@require_http_methods(["GET", "POST"])
def passer(request: HttpRequest, espace: Espace) -> HttpResponse:
    """Say what an espace expert is, then transform this one."""
    if request.method == "POST":
        try:
            passer_expert(acteur=espace)
        except RegleMetier as regle:
            messages.error(request, str(regle))
        else:
            messages.success(request, "Votre espace est maintenant un espace expert. Vos services n’ont pas changé.")
        return redirect("gerer_services")
    if espace.mode == Espace.Mode.EXPERT:
        return redirect("gerer_services")
    return render(request, "activation/passer_expert.html")
