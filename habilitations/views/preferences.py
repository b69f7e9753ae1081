"""« Préférences d'avis »: what one is told by mail, and when."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.models import Espace
from accounts.portes.acces import espace_requis
from accounts.saisies.regles import RegleMetier

from ..forms import PreferenceForm
from ..models.preference import preference_de
from ..partage.preferences import changer_preferences


@espace_requis
@require_http_methods(["GET", "POST"])
def choisir(request: HttpRequest, espace: Espace) -> HttpResponse:
    """The choices, and what cannot be chosen."""
    preference = preference_de(espace)
    champs = {nom: getattr(preference, nom) for nom in PreferenceForm.base_fields}
    form = PreferenceForm(request.POST or None, initial=champs)
    if request.method == "POST" and form.is_valid():
        try:
            changes = changer_preferences(acteur=espace, **form.cleaned_data)
        except RegleMetier as regle:
            form.refuser(regle)
        else:
            if changes:
                messages.success(request, "Vos préférences sont enregistrées.")
            else:
                messages.info(request, "Rien n'a changé.")
            return redirect("preferences")
    return render(request, "habilitations/preferences.html", {"formulaire": form})
