"""The two reviews, line by line or all at once: after a substitution (R12), and every year (R14).

Each answers for the lines that its page showed, with what falls with them, and for nothing else.
"""

from collections.abc import Collection
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.models import Espace
from accounts.portes.acces import espace_requis
from accounts.portes.reauthentification import reauthentification_requise
from accounts.saisies.regles import RegleMetier

from ..arbre.cascade import ce_qui_tombe
from ..arbre.confirmations import DELAI_DE_DECISION, decider, en_attente
from ..arbre.lots import AucuneLigne
from ..models import Habilitation
from ..partage import revue
from .apercu import CHANGE, empreinte_des_lignes, est_ce_qui_a_ete_montre
from .sujets import grouper

PAR_PAGE = 50
GARDER, RETIRER = "garder", "retirer"
SANS_DECISION = "Choisissez une décision sur au moins une ligne."
PREFIXE = "ligne-"


def _decisions(request: HttpRequest, lignes: QuerySet[Habilitation]) -> tuple[list[Habilitation], list[Habilitation]]:
    """Return the lines kept and the lines withdrawn by this POST, among those that the actor may see.

    A button that answers for all answers for the lines of its page, whatever was chosen on each.
    """
    choix: dict[UUID, str] = {}
    for nom in request.POST:
        if nom.startswith(PREFIXE):
            try:
                choix[UUID(nom.removeprefix(PREFIXE))] = request.POST.get("tout") or request.POST[nom]
            except ValueError:
                continue
    vues = list(lignes.filter(pk__in=choix))
    return (
        [ligne for ligne in vues if choix[ligne.pk] == GARDER],
        [ligne for ligne in vues if choix[ligne.pk] == RETIRER],
    )


def _page(lignes: QuerySet[Habilitation], request: HttpRequest) -> Page[Habilitation]:
    return Paginator(lignes, PAR_PAGE).get_page(request.GET.get("page", "1"))


@reauthentification_requise
@espace_requis
@require_http_methods(["GET", "POST"])
def substitution(request: HttpRequest, espace: Espace) -> HttpResponse:
    """What the former titulaire had shared and that waits for the new one: keep or drop."""
    page = _page(en_attente(espace), request)
    apercu = empreinte_des_lignes(page)
    if request.method == "POST":
        if not est_ce_qui_a_ete_montre(request, apercu):
            messages.error(request, CHANGE)
            return redirect(request.get_full_path())
        gardees, ecartees = _decisions(request, en_attente(espace))
        try:
            decider(acteur=espace, gardees=gardees, ecartees=ecartees)
        except AucuneLigne:
            messages.error(request, SANS_DECISION)
        except RegleMetier as regle:
            messages.error(request, str(regle))
        else:
            messages.success(request, _bilan(gardees, "conservée", ecartees))
        return redirect("revue_substitution")
    return render(
        request,
        "habilitations/revue_substitution.html",
        {
            "page": page,
            "apercu": apercu,
            "lignes": [(ligne, ligne.veille_depuis and ligne.veille_depuis + DELAI_DE_DECISION) for ligne in page],
        },
    )


@reauthentification_requise
@espace_requis
@require_http_methods(["GET", "POST"])
def delegations(request: HttpRequest, espace: Espace) -> HttpResponse:
    """The yearly review: what one granted, and for a titulaire what others left unanswered."""
    maintenant = timezone.now()
    visibles = revue.accordees_par(espace), revue.sans_reponse(espace, maintenant)
    page = _page(visibles[0], request)
    oubliees = list(visibles[1][:PAR_PAGE])
    tombent = ce_qui_tombe(*page, *oubliees)
    apercu = empreinte_des_lignes(page, oubliees, tombent)
    if request.method == "POST":
        if not est_ce_qui_a_ete_montre(request, apercu):
            messages.error(request, CHANGE)
            return redirect(request.get_full_path())
        paires = [_decisions(request, lignes) for lignes in visibles]
        confirmees = [ligne for gardees, _ in paires for ligne in gardees]
        retirees = [ligne for _, ecartees in paires for ligne in ecartees]
        try:
            revue.revoir(
                acteur=espace,
                confirmees=confirmees,
                retirees=retirees,
                reprendre=request.POST.get("suite") == "reprendre",
            )
        except AucuneLigne:
            messages.error(request, SANS_DECISION)
        except RegleMetier as regle:
            messages.error(request, str(regle))
        else:
            messages.success(request, _bilan(confirmees, "confirmée", retirees))
        return redirect("revue_delegations")
    return render(
        request,
        "habilitations/revue_delegations.html",
        {
            "page": page,
            "apercu": apercu,
            "lignes": [(ligne, revue.est_due(ligne, maintenant)) for ligne in page],
            "oubliees": oubliees,
            "tombent": grouper(tombent),
            "nombre_tombent": len(tombent),
            "a_revoir": revue.a_revoir(espace, maintenant).count(),
        },
    )


def _bilan(gardees: Collection[Habilitation], participe: str, retirees: Collection[Habilitation]) -> str:
    """Return what was done: `3 habilitations conservées, 1 retirée.`"""

    def accorder(nombre: int, mot: str) -> str:
        return mot + "s" if nombre > 1 else mot

    return (
        f"{len(gardees)} {accorder(len(gardees), 'habilitation')} {accorder(len(gardees), participe)}, "
        f"{len(retirees)} {accorder(len(retirees), 'retirée')}."
    )
