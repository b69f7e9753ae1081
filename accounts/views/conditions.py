"""The CGU: the version in force, the former ones, and the page that has a new one accepted (CGU §1)."""

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from ..espace.conditions import (
    Version,
    accepter_conditions,
    conditions_dues,
    version_a_venir,
    version_en_vigueur,
    versions,
)
from ..forms.conditions import ConditionsForm
from ..models import Espace
from ..portes.acces import adresse_du_portail, espace_present_requis
from ..saisies.regles import RegleMetier


@login_not_required
@require_GET
def cgu(request: HttpRequest) -> HttpResponse:
    """The version in force."""
    return _montrer(request, version_en_vigueur())


@login_not_required
@require_GET
def cgu_version(request: HttpRequest, numero: str) -> HttpResponse:
    """Any version that was ever published: former ones stay readable. Raises Http404 for another number."""
    version = next((v for v in versions() if v.numero == numero), None)
    if version is None:
        raise Http404
    return _montrer(request, version)


def _montrer(request: HttpRequest, version: Version) -> HttpResponse:
    contexte = {
        "version": version,
        "en_vigueur": version_en_vigueur(),
        "a_venir": version_a_venir(),
        "versions": versions(),
        "future": version.en_vigueur_le > timezone.now(),
    }
    return render(request, "pages/cgu.html", contexte)


@espace_present_requis
@require_http_methods(["GET", "POST"])
def accepter(request: HttpRequest, espace: Espace) -> HttpResponse:
    """What changed, the whole text, and one tick; then on to what was asked for (accounts/portes/conditions.py)."""
    suite = adresse_du_portail(request.GET.get("suite", ""))
    if not conditions_dues(espace):
        return redirect(suite or "espace")
    form = ConditionsForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            espace = accepter_conditions(acteur=espace, numero=form.cleaned_data["cgu_version"])
        except RegleMetier as regle:
            form.add_error("cgu", str(regle))
        else:
            messages.success(
                request, f"Vous avez accepté la version {espace.cgu_version} des conditions d’utilisation."
            )
            return redirect(suite or "espace")
    contexte = {"formulaire": form, "version": version_en_vigueur(), "suite": suite}
    return render(request, "accounts/accepter_conditions.html", contexte)
