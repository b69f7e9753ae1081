"""The home page of an espace, the page of all that waits, and the favourites."""

from collections.abc import Sequence

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from accounts.espace.a_faire import a_faire as lire_a_faire
from accounts.models import Espace
from accounts.portes.acces import adresse_du_portail, espace_requis
from accounts.saisies.porte import lire_ligne
from accounts.saisies.regles import RegleMetier
from habilitations.lectures.entreprises import DENSE, EntrepriseTenue, FiltresEntreprises, VosEntreprises
from habilitations.partage.preferences import changer_favori

from ..accueil import entreprises, page
from ..accueil.a_faire import a_montrer, noms_des_personnes
from ..contexte import CHERCHE_ENTREPRISE, NON_LUS


@espace_requis
@require_GET
def espace(request: HttpRequest, espace: Espace) -> HttpResponse:
    """The home page of an espace: what waits, then for whom one acts; all that narrows the list stands in the address."""
    lu = entreprises.lire(espace, FiltresEntreprises.depuis(request.GET))
    _retenir_s_il_cherche(request, lu.tenues)
    if request.session.get(NON_LUS, 0) != lu.non_lus:
        request.session[NON_LUS] = lu.non_lus
    if request.GET.get("aller") == "oui":
        return redirect(_ou_mene_la_recherche(lu.vos))
    return render(request, "espacepro/espace.html", page.contexte(espace, lu))


def _retenir_s_il_cherche(request: HttpRequest, tenues: Sequence[EntrepriseTenue]) -> None:
    """Keep in the session whether the header of the next pages has a search of the companies: they ask the database nothing."""
    plusieurs = sum(tenue.tenue for tenue in tenues) >= DENSE
    if request.session.get(CHERCHE_ENTREPRISE, False) is not plusieurs:
        request.session[CHERCHE_ENTREPRISE] = plusieurs


def _ou_mene_la_recherche(vos: VosEntreprises) -> str:
    """Return where the header's search leads: the company when one alone answers, else the list of those that do."""
    if vos.trouvee is not None:
        return reverse("entreprise", args=[vos.trouvee.personne.siren])
    return f"{reverse('espace', query=vos.filtres.parametres or None)}#liste-entreprises"


@espace_requis
@require_GET
def a_faire(request: HttpRequest, espace: Espace) -> HttpResponse:
    """All that waits for this holder."""
    lignes = lire_a_faire(espace)
    return render(request, "espacepro/a_faire.html", {"a_faire": a_montrer(lignes, noms_des_personnes(lignes))})


@espace_requis
@require_POST
def favori(request: HttpRequest, espace: Espace) -> HttpResponse:
    """Put a company first in one's lists, or no longer; then back to the list as it was."""
    retour = adresse_du_portail(request.POST.get("retour", ""))
    if not retour.startswith(reverse("espace")):
        retour = reverse("espace")
    ajoute = "ajouter" in request.POST
    siren = lire_ligne(request.POST.get("ajouter" if ajoute else "retirer", ""))
    try:
        changer_favori(acteur=espace, siren=siren, favori=ajoute)
    except RegleMetier as regle:
        messages.error(request, str(regle))
        return redirect(retour)
    return redirect(f"{retour}#e-{siren}")
