"""« Préférences d'avis »: what one is told by mail, and when."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.models import Espace
from accounts.portes.acces import espace_requis
from accounts.portes.reauthentification import reauthentification_requise
from accounts.saisies.regles import RegleMetier

from ..forms import PreferenceForm
from ..models.preference import preference_de
from ..partage.preferences import changer_preferences, desserre


@espace_requis
@require_http_methods(["GET", "POST"])
def choisir(request: HttpRequest, espace: Espace) -> HttpResponseBase:
    """The choices, and what cannot be chosen; being told less asks the password again."""
    preference = preference_de(espace)
    champs = {nom: getattr(preference, nom) for nom in PreferenceForm.base_fields}
    form = PreferenceForm(request.POST or None, initial=champs)
    if request.method == "POST" and form.is_valid():
        changer = _changer_prouve if desserre(preference, accords=form.cleaned_data["accords"]) else _changer
        return changer(request, espace, form)
    return _montrer(request, form)


def _changer(request: HttpRequest, espace: Espace, form: PreferenceForm) -> HttpResponse:
    try:
        changes = changer_preferences(acteur=espace, **form.cleaned_data)
    except RegleMetier as regle:
        form.refuser(regle)
        return _montrer(request, form)
    if changes:
        messages.success(request, "Vos préférences sont enregistrées.")
    else:
        messages.info(request, "Rien n’a changé.")
    return redirect("preferences")


_changer_prouve = reauthentification_requise(_changer)


def _montrer(request: HttpRequest, form: PreferenceForm) -> HttpResponse:
    return render(request, "habilitations/preferences.html", {"formulaire": form})
