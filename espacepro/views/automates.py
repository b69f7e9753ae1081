"""What is answered to what looks like an automaton, and how a person shows that he is none (R17; CGU §3.7)."""

from urllib.parse import urlsplit

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from accounts.portes.acces import adresse_du_portail
from accounts.portes.agents import est_l_hote_des_agents
from accounts.portes.saisie import garder_saisie, ne_pas_estampiller
from accounts.saisies.regles import RegleMetier
from accounts.traces.requete import adresse_ip
from surveillance.automates.epreuve import proposer_epreuve, resoudre_epreuve
from surveillance.automates.grades import RYTHME, source_de


def ralentir(request: HttpRequest) -> HttpResponse:
    """Answer 429: the page comes in a second. Nothing sleeps in a process, which has others to serve."""
    ne_pas_estampiller(request)
    garder = request.method == "POST" and garder_saisie(request)
    reponse = render(request, "erreurs/429_rythme.html", {"suite": _suite(request), "gardee": garder}, status=429)
    reponse["Retry-After"] = str(round(RYTHME) + 1)
    return reponse


def demander_verification_humaine(request: HttpRequest, source: str) -> HttpResponse:
    """Answer 403 with the verification, which leads back to the page asked; what a form carried is kept where it can be."""
    gardee = request.method == "POST" and garder_saisie(request)
    contexte = {"suite": _suite(request), "envoye": request.method == "POST", "gardee": gardee}
    return _montrer(request, source, contexte)


@login_not_required
@require_http_methods(["GET", "POST"])
def verifier_humain(request: HttpRequest) -> HttpResponse:
    """Show the verification; take its solution, and go on."""
    source = source_de(adresse_ip(request))
    suite = adresse_du_portail(request.POST.get("suite", "") or request.GET.get("suite", ""))
    if request.method == "GET":
        return _montrer(request, source, {"suite": suite}, statut=200)
    try:
        passe = resoudre_epreuve(source=source, preuve=request.POST.get("preuve", ""))
    except RegleMetier as regle:
        return _montrer(request, source, {"suite": suite, "regle": regle}, statut=200)
    reponse = HttpResponseRedirect(suite or reverse("accueil"))
    passe.poser(reponse)
    return reponse


def _montrer(request: HttpRequest, source: str, contexte: dict[str, object], *, statut: int = 403) -> HttpResponse:
    ne_pas_estampiller(request)
    contexte |= {
        "epreuve": proposer_epreuve(source),
        "adresse": adresse_ip(request),
        "agents": est_l_hote_des_agents(request),
    }
    return render(request, "erreurs/verifier.html", contexte, status=statut)


def _suite(request: HttpRequest) -> str:
    """Return the page to go back to: this one, or that of the form which was posted."""
    if request.method != "POST":
        return request.get_full_path()
    page = urlsplit(request.headers.get("Referer", ""))
    return (
        adresse_du_portail(page.path + (f"?{page.query}" if page.query else ""))
        if page.netloc == request.get_host()
        else ""
    )
