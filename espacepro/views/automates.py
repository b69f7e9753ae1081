"""What is answered to what looks like an automaton, and how a person shows that he is none (R17; CGU §3.7)."""

import json
import re
from dataclasses import asdict, dataclass
from typing import Final

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden, HttpResponseRedirect
from django.middleware.csrf import CsrfViewMiddleware
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from accounts.portes.acces import adresse_du_portail
from accounts.portes.agents import est_l_hote_des_agents
from accounts.portes.reauthentification import SECRETS
from accounts.portes.saisie import (
    CADRE,
    CHAMP,
    TAILLE_MAX,
    garder_saisie,
    lire_saisie_scellee,
    ne_pas_estampiller,
    page_du_formulaire,
    page_gardee,
    sceller_saisie,
)
from accounts.saisies.regles import RegleMetier
from accounts.traces.requete import adresse_ip, compte_connecte
from surveillance.automates.epreuve import proposer_epreuve, resoudre_epreuve
from surveillance.automates.grades import RYTHME, source_de

from .erreurs import refuser

_SECRETS: Final = re.compile(r"pass|secret|otp|token|jeton|secours", re.IGNORECASE)
"""What is never given back, beside SECRETS: the fields of the sign-ins, the agents' too."""


_PAS_SAISIS: Final = frozenset({CHAMP, "suite"})
"""What a form carries by itself: who pressed its button typed none of it."""


@dataclass(frozen=True)
class Renvoi:
    """What was posted and not taken, less the secrets and the files: given back to who posted it, who sends it again or not.

    A button pressed with nothing to type is given back too.
    """

    adresse: str
    compte: str
    champs: list[list[str]]
    fichiers: bool
    secrets: bool

    @property
    def saisi(self) -> bool:
        """Whether somebody typed any of it."""
        return any(nom not in _PAS_SAISIS for nom, _ in self.champs)


class _Jeton(CsrfViewMiddleware):
    """Django's verification of the token, said and not answered: what another site posts is given back to nobody to send."""

    def _reject(self, request: HttpRequest, reason: str) -> HttpResponseForbidden:
        return HttpResponseForbidden(reason)


def _compte(request: HttpRequest) -> str:
    compte = compte_connecte(request)
    return "" if compte is None else str(compte.pk)


def _renvoi(request: HttpRequest) -> Renvoi | None:
    """Return what this POST carried; None for too much of it, secrets alone, which their form asks for again, or what no form of ours sent."""
    if (
        request.method != "POST"
        or _Jeton(lambda _: HttpResponse()).process_view(request, verifier_humain, (), {}) is not None
    ):
        return None
    donnes = [[nom, v] for nom, valeurs in request.POST.lists() if nom not in CADRE - {CHAMP} for v in valeurs]
    champs = [[nom, v] for nom, v in donnes if not SECRETS.search(nom) and not _SECRETS.search(nom)]
    if sum(len(nom) + len(v) for nom, v in champs) > TAILLE_MAX:
        return None
    renvoi = Renvoi(
        request.get_full_path(), _compte(request), champs, bool(request.FILES), secrets=len(champs) < len(donnes)
    )
    return None if renvoi.secrets and not renvoi.saisi else renvoi


def _emporte(request: HttpRequest) -> Renvoi | None:
    """Return what the verification carried, sealed, for who is signed in now (or for a visitor), for GARDE seconds."""
    clair = lire_saisie_scellee(request.POST.get("emporte", ""))
    renvoi = None if clair is None else Renvoi(**json.loads(clair))
    return renvoi if renvoi is not None and renvoi.compte == _compte(request) else None


def ralentir(request: HttpRequest) -> HttpResponse:
    """Answer 429: the page comes in a second. Nothing sleeps in a process, which has others to serve."""
    ne_pas_estampiller(request)
    renvoi = _renvoi(request)
    garder = request.method == "POST" and garder_saisie(request)
    contexte = {"suite": _suite(request), "gardee": garder and renvoi is None, "renvoi": renvoi}
    contexte["retrouver"] = page_gardee(request)
    reponse = render(request, "erreurs/429_rythme.html", contexte, status=429)
    reponse["Retry-After"] = str(round(RYTHME) + 1)
    return reponse


def continuer_d_ici(request: HttpRequest, *, fichier: bool) -> HttpResponse:
    """Answer what another site leads to by a page of ours with a link: nothing is read, made nor counted until it is followed."""
    return refuser(request, "erreurs/d_ailleurs.html", 200, {"suite": request.get_full_path(), "fichier": fichier})


def demander_verification_humaine(request: HttpRequest, source: str) -> HttpResponse:
    """Answer 403 with the verification, which leads back to the page asked; what a form carried is kept where it can be."""
    renvoi = _renvoi(request)
    gardee = request.method == "POST" and garder_saisie(request)
    contexte: dict[str, object] = {"suite": _suite(request), "envoye": request.method == "POST", "gardee": gardee}
    if renvoi is not None:
        contexte |= {"emporte": sceller_saisie(json.dumps(asdict(renvoi))), "saisi": renvoi.saisi}
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
        emporte = request.POST["emporte"] if _emporte(request) is not None else ""
        return _montrer(request, source, {"suite": suite, "regle": regle, "emporte": emporte}, statut=200)
    renvoi = _emporte(request)
    if renvoi is None:
        reponse: HttpResponse = HttpResponseRedirect(suite or reverse("accueil"))
    else:
        ne_pas_estampiller(request)
        reponse = render(request, "erreurs/renvoyer.html", {"renvoi": renvoi, "suite": suite})
    passe.poser(reponse)
    return reponse


def _montrer(request: HttpRequest, source: str, contexte: dict[str, object], *, statut: int = 403) -> HttpResponse:
    ne_pas_estampiller(request)
    contexte |= {
        "epreuve": proposer_epreuve(source),
        "adresse": adresse_ip(request),
        "agents": est_l_hote_des_agents(request),
        "retrouver": page_gardee(request),
    }
    return render(request, "erreurs/verifier.html", contexte, status=statut)


def _suite(request: HttpRequest) -> str:
    """Return the page to go back to: this one, or that of the form which was posted."""
    if request.method != "POST":
        return request.get_full_path()
    page = page_du_formulaire(request)
    if page.partition("?")[0] == reverse("verifier_humain"):  # it had been given back, and is sent again
        return request.get_full_path()
    return adresse_du_portail(page)
