"""The one door of an espace simplifié that waits for its code: enter it, ask for another letter, give up."""

from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.models import Espace
from accounts.portes.acces import espace_en_attente_requis
from accounts.portes.code_garde import reprendre_code
from accounts.saisies.regles import RegleMetier

from ..demandes import suites
from ..demandes.activation import activer
from ..demandes.lectures import detail_demande
from ..forms import CodeForm
from ..models import Demande
from .relire import redemander


def _demande(espace: Espace) -> Demande:
    """Return the demande that this espace waits for."""
    return get_object_or_404(
        Demande.objects.visibles_par(espace)
        .en_cours()
        .select_related("personne__service_gestionnaire")
        .filter(nature=Demande.Nature.CREATION_SIMPLIFIEE)
    )


@espace_en_attente_requis
@sensitive_post_parameters("code")
@require_http_methods(["GET", "POST"])
def activer_espace(request: HttpRequest, espace: Espace) -> HttpResponse:
    """The timeline, and the field for the code: it opens the espace and its whole bouquet."""
    objet = _demande(espace)
    form = CodeForm(
        request.POST or None, initial={"code": reprendre_code(request)} if request.method == "GET" else None
    )
    if request.method == "POST" and form.is_valid():
        try:
            activation = activer(acteur=espace, demande=objet, saisie=form.cleaned_data["code"])
        except RegleMetier as regle:
            form.refuser(regle)
            objet.refresh_from_db()
        else:
            messages.success(
                request,
                "Code accepté : votre espace et ses services sont ouverts.",
            )
            for phrase in activation.non_ouverts:
                messages.warning(request, phrase)
            return redirect(reverse("question_changee", query={"suite": reverse("espace")}))  # CGU 2.4
    return render(
        request,
        "activation/activer_espace.html",
        {"detail": detail_demande(objet), "demande": objet, "personne": objet.personne, "formulaire": form, "trop": ""},
    )


@espace_en_attente_requis
@require_http_methods(["GET", "POST"])
def nouveau_courrier(request: HttpRequest, espace: Espace) -> HttpResponse:
    """Ask for another letter, after a page that says where it goes (R9)."""
    return redemander(request, espace, _demande(espace), retour=reverse("activer_espace"))


@espace_en_attente_requis
@require_http_methods(["GET", "POST"])
def annuler(request: HttpRequest, espace: Espace) -> HttpResponse:
    """Give the creation up, after a page that says what it does: the espace falls and its address is free again."""
    objet = _demande(espace)
    if request.method == "POST":
        try:
            suites.annuler_demande(acteur=espace, demande=objet)
        except RegleMetier as regle:
            messages.error(request, str(regle))
            return redirect("activer_espace")
        logout(request)
        messages.success(request, "Votre demande est annulée et votre espace effacé.")
        return redirect("accueil")
    return render(request, "activation/annuler_creation.html", {"demande": objet, "personne": objet.personne})
