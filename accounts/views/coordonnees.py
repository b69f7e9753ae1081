"""« Gérer vos coordonnées » (CGU §4.b)."""

from dataclasses import asdict

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from ..espace.coordonnees import Coordonnees, modifier_coordonnees
from ..forms.coordonnees import CoordonneesForm
from ..models import Espace
from ..portes.acces import espace_requis
from ..portes.reauthentification import reauthentification_requise
from ..saisies.regles import RegleMetier


@espace_requis
@require_http_methods(["GET", "POST"])
def coordonnees(request: HttpRequest, espace: Espace) -> HttpResponseBase:
    """The particulars of the holder, to read and to change; a change asks the password again: a counter recognises him by them."""
    form = CoordonneesForm(request.POST or None, initial=asdict(Coordonnees.de(espace)))
    if request.method == "POST" and form.is_valid():
        return _modifier_prouve(request, espace, form)
    return _montrer(request, espace, form)


def _modifier(request: HttpRequest, espace: Espace, form: CoordonneesForm) -> HttpResponse:
    try:
        changes = modifier_coordonnees(acteur=espace, coordonnees=Coordonnees(**form.cleaned_data))
    except RegleMetier as regle:
        form.refuser(regle)
        return _montrer(request, espace, form)
    if changes:
        messages.success(request, "Vos coordonnées sont à jour.")
    else:
        messages.info(request, "Vous n’avez rien changé.")
    return redirect("coordonnees")


_modifier_prouve = reauthentification_requise(_modifier)


def _montrer(request: HttpRequest, espace: Espace, form: CoordonneesForm) -> HttpResponse:
    return render(request, "accounts/coordonnees.html", {"formulaire": form, "numero": espace.numero_lisible})
