"""The addresses that an espace waits for: those asked of the offices, and asking for one more."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.models import Espace
from accounts.portes.acces import espace_requis
from accounts.saisies.elisions import de
from accounts.saisies.regles import RegleMetier
from accounts.traces.lecture import TropDeLectures
from services.adresses.attendues import demander_adresse
from services.registre.identification import personnes_d_identifiants

from ..demandes.consultations import consulter
from ..demandes.lectures import adresses_attendues
from ..forms import SirensForm


@espace_requis
@require_http_methods(["GET", "POST"])
def attendues(request: HttpRequest, espace: Espace) -> HttpResponse:
    """Show which addresses this espace waits for, and what came of them; a POST tells the offices of those without."""
    if request.method == "POST":
        form = SirensForm(request.POST)
        if not form.is_valid():
            messages.error(request, "Ces numéros SIREN ne se lisent pas : recommencez depuis votre demande.")
        elif _compter(request, espace, form.cleaned_data["sirens"]):
            _demander(request, espace, form.cleaned_data["sirens"])
        return redirect("adresses_attendues")
    return render(request, "activation/adresses_attendues.html", {"attendues": adresses_attendues(espace)})


def _compter(request: HttpRequest, espace: Espace, sirens: list[str]) -> bool:
    """Count that this espace is told of these SIREN; whether it may be."""
    try:
        consulter(acteur=espace, request=request, identifiants=sirens)
    except TropDeLectures as regle:
        messages.error(request, str(regle))
        return False
    return True


def _demander(request: HttpRequest, espace: Espace, sirens: list[str]) -> None:
    connues = personnes_d_identifiants(sirens)
    for personne in dict.fromkeys(connues[siren] for siren in sirens if siren in connues):
        bureau = personne.service_gestionnaire.nom
        try:
            demander_adresse(acteur=espace, personne=personne)
        except RegleMetier as regle:
            messages.warning(request, str(regle))
        else:
            messages.success(request, f"{bureau} est prévenu : l’adresse {de(personne.denomination)} manque.")
