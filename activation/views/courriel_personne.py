"""Changing the e-mail of a company whose Messagerie one administers."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from accounts.models import Espace
from accounts.portes.acces import espace_requis
from accounts.portes.reauthentification import reauthentification_requise
from accounts.saisies.regles import RegleMetier
from services.adresses.envoi import adresse_du_courrier

from ..demandes.courriel_personne import demander_changement
from ..demandes.lectures import page_messageries, personnes_administrees
from ..forms import CourrielEntrepriseForm


@espace_requis
@require_GET
def choisir(request: HttpRequest, espace: Espace) -> HttpResponse:
    """The companies whose e-mail this espace may have changed, and the address each has."""
    page = page_messageries(espace, request.GET.get("page", "1"))
    return render(request, "activation/courriel_entreprise.html", {"page": page})


@reauthentification_requise
@espace_requis
@require_http_methods(["GET", "POST"])
def changer(request: HttpRequest, espace: Espace, siren: str) -> HttpResponse:
    """Ask for the change; a letter leaves. Another's company is a 404."""
    personne = get_object_or_404(personnes_administrees(espace).select_related("service_gestionnaire"), siren=siren)
    form = CourrielEntrepriseForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            demande = demander_changement(
                acteur=espace,
                personne=personne,
                adresse=form.cleaned_data["adresse"],
                qualite=form.cleaned_data["qualite"],
            )
        except RegleMetier as regle:
            form.refuser(regle)
        else:
            messages.success(
                request,
                f"Votre demande {demande.reference} est enregistrée. L'adresse changera quand vous aurez saisi le code.",
            )
            return redirect("demande", reference=demande.reference)
    return render(
        request,
        "activation/courriel_entreprise_changer.html",
        {"formulaire": form, "personne": personne, "envoi": adresse_du_courrier(personne)},
    )
