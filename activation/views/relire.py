"""The page before a letter: to whom, where, for what, when. Its POST carries the print of it, and sends that and nothing else.

The only way to send a letter. What was typed goes along in the page, so that nothing is lost and no tab changes another.
"""

from collections.abc import Sequence
from typing import Any, Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from accounts.models import Espace
from accounts.portes.marques import MARQUES
from accounts.saisies.apercu import CHAMP, CHANGE, empreinte, est_ce_qui_a_ete_montre
from accounts.saisies.regles import RegleMetier

from ..demandes import suites
from ..demandes.lectures import annonce_du_courrier
from ..demandes.lettres_a_venir import LettreAVenir, lettre_d_une_demande
from ..models import Demande

MODIFIER: Final = "modifier"
# What belongs to the page and not to what was typed.
CADRE: Final = frozenset({"csrfmiddlewaretoken", "estampille", CHAMP, MODIFIER}) | MARQUES


def a_relire(request: HttpRequest) -> bool:
    """Whether this request posts a form to read again or to send, and not to change it."""
    return request.method == "POST" and MODIFIER not in request.POST


def est_relu(request: HttpRequest, lettres: Sequence[LettreAVenir], *dit: Any) -> bool:
    """Whether this POST confirms a page that told of these letters."""
    return est_ce_qui_a_ete_montre(request.POST, _empreinte(lettres, *dit))


def _empreinte(lettres: Sequence[LettreAVenir], *dit: Any) -> str:
    return empreinte([lettre.montre for lettre in lettres], *dit)


def relire(
    request: HttpRequest,
    lettres: Sequence[LettreAVenir],
    *dit: Any,
    titre: str,
    bouton: str,
    retour: str,
    faits: Sequence[tuple[str, str]] = (),
    quoi: str = "Services demandés",
    avertissement: str = "",
    etape: int = 0,
    apres: str = "",
) -> HttpResponse:
    """Show what would be sent; a page that told something else says that it has changed.

    `dit` is what the print covers beside the letters, `faits` what the page says beside them, `quoi` what it calls the
    démarches, `retour` where one goes back to, `etape` its rank in a form of several pages,
    `apres` what the letter waits for, which no day is known of.
    """
    if CHAMP in request.POST:
        messages.warning(request, CHANGE)
    gardes = [(nom, v) for nom, valeurs in request.POST.lists() if nom not in CADRE for v in valeurs]
    return render(
        request,
        "activation/relire.html",
        {
            "lettres": lettres,
            "lettre": lettres[0] if len(lettres) == 1 else None,
            "faits": faits,
            "gardes": gardes,
            "apercu": _empreinte(lettres, *dit),
            "modifiable": bool(gardes),
            "titre": titre,
            "bouton": bouton,
            "retour": retour,
            "quoi": quoi,
            "avertissement": avertissement,
            "etape": etape,
            "apres": apres,
        },
    )


def redemander(request: HttpRequest, espace: Espace, demande: Demande, *, retour: str) -> HttpResponse:
    """Show where another letter for this demande would go, then ask for it (R9)."""
    try:
        suites.examiner_nouveau_courrier(demande)
        lettre = lettre_d_une_demande(demande)
        if request.method == "POST" and est_relu(request, [lettre]):
            courrier = suites.demander_nouveau_courrier(acteur=espace, demande=demande)
            messages.success(request, annonce_du_courrier(courrier))
            return redirect(retour)
    except RegleMetier as regle:
        messages.error(request, str(regle))
        return redirect(retour)
    return relire(
        request,
        [lettre],
        faits=[("Demande", f"{demande.reference}, {demande.get_nature_display()}")],
        titre=f"Demande {demande.reference}",
        retour=retour,
        bouton="Demander ce nouveau courrier",
        avertissement="Le code du courrier précédent ne pourra plus servir.",
        quoi="Ce que le code permet" if demande.nouvelle_adresse else "Services demandés",
    )
