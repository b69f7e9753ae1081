"""« Je ne reconnais pas cette demande »: the public page whose address every letter prints."""

import time

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from accounts.compteurs.debit import Essai, attendre_le_palier
from accounts.models import Espace
from accounts.saisies.porte import lire_recherche
from accounts.saisies.regles import RegleMetier
from accounts.traces.acteurs import Visiteur
from accounts.traces.requete import adresse_ip

from ..demandes.lectures import substitutions_contre
from ..demandes.signalements import signaler
from ..forms import SignalementForm
from ..models import Demande


def _acteur(request: HttpRequest) -> Espace | Visiteur:
    """Return the active espace of whoever is signed in, else a visitor: the page is for visitors first."""
    espace = getattr(request.user, "espace", None)
    return espace if espace is not None and espace.est_actif else Visiteur(adresse_ip=adresse_ip(request))


@login_not_required
@require_http_methods(["GET", "POST"])
def signalement(request: HttpRequest) -> HttpResponse:
    """The reference of the letter; the next page is the same, as late, whatever it leads to."""
    debut = time.monotonic()
    form = SignalementForm(request.POST if request.method == "POST" else None, initial=_propose(request))
    statut = 200
    if request.method == "POST" and form.is_valid():
        try:
            signaler(
                acteur=_acteur(request),
                saisie=form.cleaned_data["reference"],
                texte=form.cleaned_data["texte"],
                adresse_ip=adresse_ip(request),
            )
        except RegleMetier as regle:
            form.refuser(regle)
            statut = regle.statut
        else:
            attendre_le_palier(Essai(debut))
            return redirect("signalement_recu")
    contexte = {"formulaire": form, "contre": _a_choisir(request)}
    return render(request, "activation/signaler.html", contexte, status=statut)


def _a_choisir(request: HttpRequest) -> list[Demande]:
    """Return what a titulaire who came without a reference may be here for: the substitutions asked for of his services."""
    acteur = _acteur(request)
    sans_reference = request.method == "GET" and not request.GET.get("reference", "")
    return substitutions_contre(acteur) if isinstance(acteur, Espace) and sans_reference else []


def _propose(request: HttpRequest) -> dict[str, str]:
    """Return what the link of a message has already filled in. Raises: TexteIllisible."""
    return {"reference": lire_recherche(request.GET.get("reference", ""), 40)}


@login_not_required
@require_GET
def recu(request: HttpRequest) -> HttpResponse:
    """What happens next, if the reference is that of a demande that waits."""
    return render(request, "activation/signalement_recu.html")
