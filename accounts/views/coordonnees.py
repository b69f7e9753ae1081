"""« Gérer vos coordonnées » (CGU §4.b)."""

from dataclasses import asdict

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from ..espace.coordonnees import Coordonnees, modifier_coordonnees
from ..forms.coordonnees import CoordonneesForm
from ..models import Espace
from ..portes.acces import espace_requis
from ..saisies.regles import RegleMetier


@espace_requis
@require_http_methods(["GET", "POST"])
def coordonnees(request: HttpRequest, espace: Espace) -> HttpResponse:
    """The particulars of the holder, to read and to change."""
    form = CoordonneesForm(request.POST or None, initial=asdict(Coordonnees.de(espace)))
    if request.method == "POST" and form.is_valid():
        try:
            changes = modifier_coordonnees(acteur=espace, coordonnees=Coordonnees(**form.cleaned_data))
        except RegleMetier as regle:
            form.refuser(regle)
        else:
            if changes:
                messages.success(request, "Vos coordonnées sont à jour.")
            else:
                messages.info(request, "Vous n’avez rien changé.")
            return redirect("coordonnees")
    return render(request, "accounts/coordonnees.html", {"formulaire": form, "numero": espace.numero_lisible})
