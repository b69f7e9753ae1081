"""The page that asks the password again before a sensitive page."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from ..forms.reauthentification import ConfirmationForm
from ..portes.acces import adresse_du_portail
from ..portes.reauthentification import mot_de_passe_prouve


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def confirmer_identite(request: HttpRequest) -> HttpResponse:
    """Ask the password, then go on to `suite`, an address of this portal; the home page for any other."""
    suite = adresse_du_portail(request.POST.get("suite", request.GET.get("suite", "")))
    form = ConfirmationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if mot_de_passe_prouve(request, form.cleaned_data[ConfirmationForm.CHAMP]):
            return HttpResponseRedirect(suite or reverse("accueil"))
        form.add_error(ConfirmationForm.CHAMP, "Ce mot de passe n’est pas reconnu.")
    return render(
        request,
        "accounts/confirmer_identite.html",
        {"formulaire": form, "gardes": [("suite", suite)] if suite else [], "fichiers": False, "suite": suite},
    )
