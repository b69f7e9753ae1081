"""The link sent to a company's new address, and having it sent again (R21)."""

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from accounts.envois.liens import LienDejaUtilise
from accounts.models import Espace
from accounts.portes.acces import espace_requis
from accounts.saisies.regles import RegleMetier
from accounts.traces.acteurs import Visiteur

from ..demandes import confirmation_adresse as actes
from .codes import demande_de


@login_not_required
@require_http_methods(["GET", "POST"])
def confirmer(request: HttpRequest, jeton: str) -> HttpResponse:
    """What the link confirms, for whoever reads that mailbox, signed in or not: GET shows a button, POST consumes.

    Opened again, or pressed twice, it says what was confirmed and what comes next.
    """
    try:
        if request.method == "POST":
            return _repondre(request, jeton)
        lien, demande = actes.demande_du_lien(jeton)
        actes.examiner_confirmation(demande)
    except LienDejaUtilise as regle:
        confirmee = actes.demande_confirmee(regle)
        if confirmee is None:
            return render(request, "accounts/lien_refuse.html", {"regle": regle}, status=410)
        if request.method == "POST":
            return redirect("confirmer_adresse_entreprise", jeton)
        return render(
            request, "activation/adresse_confirmee.html", {"demande": confirmee, "personne": confirmee.personne}
        )
    except RegleMetier as regle:
        return render(request, "accounts/lien_refuse.html", {"regle": regle}, status=410)
    return render(
        request,
        "activation/adresse_confirmer.html",
        {
            "demande": demande,
            "personne": demande.personne,
            "expire_le": lien.expire_le,
        },
    )


def _repondre(request: HttpRequest, jeton: str) -> HttpResponse:
    """Do what the button says. Raises: RegleMetier."""
    acteur = Visiteur(jeton=jeton)
    if "refuser" in request.POST:
        actes.refuser_adresse(acteur=acteur)
        messages.success(
            request, "La demande est annulée : aucun courrier ne part. La personne qui l’a faite est prévenue."
        )
        return redirect("accueil")
    actes.confirmer_adresse(acteur=acteur)
    return redirect("confirmer_adresse_entreprise", jeton)


@espace_requis
@require_POST
def renvoyer(request: HttpRequest, espace: Espace, reference: str) -> HttpResponse:
    """Have the link sent again to the address that has not answered."""
    objet = demande_de(espace, reference)
    try:
        demande = actes.renvoyer_le_lien(acteur=espace, demande=objet)
    except RegleMetier as regle:
        messages.error(request, str(regle))
    else:
        messages.success(request, f"Un courriel part à {demande.nouvelle_adresse}, avec un lien valable 72 heures.")
    return redirect("demande", reference=objet.reference)
