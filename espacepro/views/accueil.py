"""The home page of an espace, and the page of all that waits."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from accounts.espace.a_faire import a_faire as lire_a_faire
from accounts.models import Espace
from accounts.portes.acces import espace_requis
from accounts.saisies.porte import lire_recherche
from activation.demandes.lectures import codes_attendus
from activation.forms import CodeForm
from habilitations.lectures.echeances import prochaines_echeances
from habilitations.lectures.espace import accueil as lire_accueil
from services.models import Service

from ..accueil.a_faire import A_L_ACCUEIL, a_montrer, noms_des_personnes

FILTRES = "filtres_accueil"


@espace_requis
@require_GET
def espace(request: HttpRequest, espace: Espace) -> HttpResponse:
    """The home page of an espace: what waits, what may be done, for whom. The filters stay until they are cleared."""
    if "effacer" in request.GET:
        request.session.pop(FILTRES, None)
        return redirect("espace")
    if "q" in request.GET or "famille" in request.GET:
        request.session[FILTRES] = {
            "q": lire_recherche(request.GET.get("q", "")),
            "famille": request.GET.get("famille", "") if request.GET.get("famille") in Service.Famille.values else "",
        }
    filtres = request.session.get(FILTRES, {"q": "", "famille": ""})
    lecture = lire_accueil(
        espace, recherche=filtres["q"], famille=filtres["famille"], page=request.GET.get("page", "1")
    )
    lignes = lire_a_faire(espace)
    return render(
        request,
        "espacepro/espace.html",
        {
            "page": lecture.page,
            "personnes": lecture.personnes,
            "jauge": lecture.jauge,
            "recentes": lecture.recentes,
            "a_faire": a_montrer(lignes, noms_des_personnes(lignes[:A_L_ACCUEIL]), nombre=A_L_ACCUEIL),
            "echeances": prochaines_echeances(espace),
            "arrivees": lecture.arrivees,
            "filtres": filtres,
            "filtre": bool(filtres["q"] or filtres["famille"]),
            "attendus": codes_attendus(espace),
            "formulaire_code": CodeForm(),
            "familles": Service.Famille.choices,
        },
    )


@espace_requis
@require_GET
def a_faire(request: HttpRequest, espace: Espace) -> HttpResponse:
    """All that waits for this holder."""
    lignes = lire_a_faire(espace)
    return render(request, "espacepro/a_faire.html", {"a_faire": a_montrer(lignes, noms_des_personnes(lignes))})
