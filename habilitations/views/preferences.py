"""« Préférences d'avis »: what one is told by mail, and when."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.models import Espace
from accounts.portes.acces import espace_requis
from accounts.portes.reauthentification import reauthentification_requise
from accounts.saisies.regles import RegleMetier
from services.messagerie.avis import choisir_rythmes, choix_de, ralentit
from services.messagerie.droits import personnes_de
from services.models import PersonneSirenisee

from ..forms import AvisMessagerieForm, PreferenceForm
from ..models.preference import preference_de
from ..partage.preferences import changer_preferences, desserre

MESSAGERIES_PAR_PAGE = 20


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


@espace_requis
@require_http_methods(["GET", "POST"])
def choisir_messagerie(request: HttpRequest, espace: Espace) -> HttpResponseBase:
    """How soon one is told of the messages of each mailbox; a page of them is stored with what is chosen for all.

    Being told less asks the password again, as the other preferences do.
    """
    lues = PersonneSirenisee.objects.filter(pk__in=personnes_de(espace)).order_by("denomination", "siren")
    page = Paginator(lues, MESSAGERIES_PAR_PAGE).get_page(request.GET.get("page", "1"))
    choix = choix_de(espace)
    initial = {"defaut": choix[None], **{f"siren_{p.siren}": choix.get(p.pk, "") for p in page}}
    form = AvisMessagerieForm(request.POST or None, initial=initial, personnes=list(page))
    if request.method == "POST" and form.is_valid():
        voulu = {"defaut": form.cleaned_data["defaut"], "par_personne": form.par_personne}
        choisir = _choisir_rythmes_prouve if ralentit(choix, **voulu) else _choisir_rythmes
        return choisir(request, espace, voulu)
    return render(request, "habilitations/preferences_messagerie.html", {"formulaire": form, "page": page})


def _choisir_rythmes(request: HttpRequest, espace: Espace, voulu: dict[str, Any]) -> HttpResponse:
    if choisir_rythmes(acteur=espace, **voulu):
        messages.success(request, "Vos préférences sont enregistrées.")
    else:
        messages.info(request, "Rien n’a changé.")
    return redirect(request.get_full_path())


_choisir_rythmes_prouve = reauthentification_requise(_choisir_rythmes)
