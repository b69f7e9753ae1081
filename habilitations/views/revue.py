"""The two reviews, line by line or all at once: after a substitution (R12), and every year (R14).

They choose, and change nothing: the page of changements.py shows what falls and confirms.
"""

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods

from accounts.models import Espace
from accounts.portes.acces import espace_requis
from accounts.portes.reauthentification import reauthentification_requise

from ..arbre.confirmations import DELAI_DE_DECISION, en_attente
from ..lectures.partage import A_MONTRER
from ..models import Habilitation
from ..partage import revue
from .changements import ACTIONS, garder_choix, retenir, retenues

PAR_PAGE = 25
GARDER, RETIRER = "garder", "retirer"
SANS_DECISION = "Choisissez une décision sur au moins une habilitation."
PREFIXE = "ligne-"
TOUTES = "toutes"


def _decider(request: HttpRequest, espace: Espace, action: str) -> HttpResponse:
    """Go to the page that confirms what this POST answers, among the lines that the actor may see.

    A button that answers for all answers for the lines of its page, whatever was chosen on each. What was chosen on other pages counts
    too; a button that turns the page keeps it all (issue 10.3).
    """
    choix = {UUID(cle): decision for cle, decision in retenues(request, action).items() if "rien" not in request.POST}
    for nom in request.POST:
        if nom.startswith(PREFIXE):
            try:
                cle = UUID(nom.removeprefix(PREFIXE))
                choix[cle] = "" if "rien" in request.POST else request.POST.get("tout") or request.POST[nom]
            except ValueError:
                continue
    vues = ACTIONS[action].trouver(espace, list(choix))
    retirees = [ligne for ligne in vues if choix[ligne.pk] == RETIRER]
    gardees = [ligne for ligne in vues if choix[ligne.pk] == GARDER]
    if {"vers", "rien"} & set(request.POST):
        garder_choix(request, action, retirees, gardees)
        voir = {"voir": TOUTES} if request.GET.get("voir") == TOUTES else {}
        return redirect(f"{request.path}?{urlencode({**voir, 'page': request.POST.get('vers', '1')})}")
    if not retirees and not gardees:
        messages.error(request, SANS_DECISION)
        return redirect(request.get_full_path())
    return retenir(request, action, retirees, gardees)


class Suite(Sequence[Habilitation]):
    """One list after the other, turned page by page as one: what is read is what a page needs."""

    def __init__(self, premiere: Sequence[Habilitation], seconde: Sequence[Habilitation]) -> None:
        self.premiere, self.seconde = premiere, seconde

    def __len__(self) -> int:
        return len(self.premiere) + len(self.seconde)

    def __getitem__(self, rangs: Any) -> Any:
        debut, fin, coupure = rangs.start, rangs.stop, len(self.premiere)
        lues = list(self.premiere[debut : min(fin, coupure)]) if debut < coupure else []
        return lues + (list(self.seconde[max(debut - coupure, 0) : fin - coupure]) if fin > coupure else [])


def _est_a_lui(ligne: Habilitation, espace: Espace) -> bool:
    """Whether this espace granted it itself."""
    return ligne.accordee_par is not None and ligne.accordee_par.espace_id == espace.pk


def _page(lignes: QuerySet[Habilitation] | Suite, request: HttpRequest) -> Page[Habilitation]:
    return Paginator(lignes, PAR_PAGE).get_page(request.GET.get("page", "1"))


def _avec_choix(request: HttpRequest, action: str, lignes: Iterable[Habilitation]) -> list[tuple[Habilitation, str]]:
    """Return each line with what was chosen for it, for who comes back from the page that confirms."""
    choix = retenues(request, action)
    return [(ligne, choix.get(str(ligne.pk), "")) for ligne in lignes]


@reauthentification_requise
@espace_requis
@require_http_methods(["GET", "POST"])
def substitution(request: HttpRequest, espace: Espace) -> HttpResponse:
    """What the former titulaire had shared and that waits for the new one: keep or withdraw."""
    if request.method == "POST":
        return _decider(request, espace, "revue_substitution")
    page = _page(en_attente(espace), request)
    return render(
        request,
        "habilitations/revue_substitution.html",
        {
            "page": page,
            "choisies": len(retenues(request, "revue_substitution")),
            "lignes": [
                (ligne, ligne.veille_depuis and ligne.veille_depuis + DELAI_DE_DECISION, choix)
                for ligne, choix in _avec_choix(request, "revue_substitution", page)
            ],
        },
    )


@reauthentification_requise
@espace_requis
@require_http_methods(["GET", "POST"])
def delegations(request: HttpRequest, espace: Espace) -> HttpResponse:
    """The yearly review: what one granted and is due, and for a titulaire what others left unanswered.

    What is not due is shown when it is asked for (`?voir=toutes`), or when nothing is due.
    """
    if request.method == "POST":
        return _decider(request, espace, "revue_delegations")
    maintenant = timezone.now()
    champs = (*A_MONTRER, "revue_le", "revue_demandee_le")
    oubliees = revue.ParAnciennete(partial(revue.sans_reponse, espace, maintenant), *champs)
    dues = revue.ParAnciennete(partial(revue.a_revoir, espace, maintenant), *champs)
    a_traiter = bool(dues or oubliees)
    toutes = request.GET.get("voir") == TOUTES or not a_traiter
    accordees = revue.ParAnciennete(partial(revue.accordees_par, espace), *champs) if toutes else dues
    page = _page(Suite(oubliees, accordees), request)
    lignes = _avec_choix(request, "revue_delegations", page)
    choisies = retenues(request, "revue_delegations")
    return render(
        request,
        "habilitations/revue_delegations.html",
        {
            "page": page,
            "choisies": len(choisies),
            "ailleurs": bool(set(choisies) - {str(ligne.pk) for ligne, _ in lignes}),
            "toutes": toutes,
            "a_traiter": a_traiter,
            "lignes": [
                (ligne, revue.est_due(ligne, maintenant), choix) for ligne, choix in lignes if _est_a_lui(ligne, espace)
            ],
            "oubliees": [(ligne, choix) for ligne, choix in lignes if not _est_a_lui(ligne, espace)],
            "a_revoir": len(dues),
        },
    )
