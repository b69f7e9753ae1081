"""« Ce n'est pas moi »: the link of a mail of security, and the same act on « Sécurité » (CGU §3.2.f, R15)."""

from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from ..envois.liens import LienDejaUtilise
from ..espace import pas_moi
from ..models import Espace, Lien
from ..portes.acces import espace_requis
from ..portes.lien import lien_du_titulaire
from ..saisies.regles import RegleMetier
from ..traces.acteurs import Visiteur

FAIT = "pas_moi_fait"


@login_not_required
@lien_du_titulaire
@require_http_methods(["GET", "POST"])
def ce_n_est_pas_moi(request: HttpRequest, jeton: str) -> HttpResponse:
    """GET says what the one button does and writes nothing (scanners open links); POST does it. Used, the link says what was done."""
    try:
        lien = pas_moi.lire(jeton=jeton)
        consequences = pas_moi.consequences(lien.espace, adresse=lien.adresse)
        if request.method == "POST":
            pas_moi.dire_par_un_lien(acteur=Visiteur(jeton=jeton))
            logout(request)  # its row is gone with the others
            return redirect("ce_n_est_pas_moi", jeton)
    except LienDejaUtilise as regle:
        return _fait(request, regle.contexte["lien"])
    except RegleMetier as regle:
        return render(request, "accounts/pas_moi_refus.html", {"regle": regle, "code": regle.code}, status=410)
    return render(request, "accounts/pas_moi.html", {"consequences": consequences, "retour": ""})


def _fait(request: HttpRequest, lien: Lien) -> HttpResponse:
    espace, le = lien.espace, lien.consomme_le
    assert le is not None  # noqa: S101 - the link has been used
    compte = espace.compte
    ancienne = compte is not None and lien.adresse != compte.email
    return render(
        request,
        "accounts/pas_moi_fait.html",
        {
            "le": le,
            "mot_de_passe_bloque": pas_moi.mot_de_passe_bloque_depuis(espace, le),
            "ancienne": ancienne,
            "reprise": ancienne and pas_moi.annulation_vivante(espace, lien.adresse, le) is not None,
        },
    )


@espace_requis
@require_http_methods(["GET", "POST"])
def depuis_l_espace(request: HttpRequest, espace: Espace) -> HttpResponse:
    """The same, from « Sécurité »: the present session ends too."""
    try:
        if request.method == "POST":
            dit = pas_moi.dire_depuis_l_espace(acteur=espace)
            logout(request)
            request.session[FAIT] = {"mot_de_passe_bloque": dit.mot_de_passe_bloque}
            return redirect("pas_moi_fait")
        consequences = pas_moi.consequences(espace)
    except RegleMetier as regle:
        return render(request, "accounts/pas_moi_refus.html", {"regle": regle, "code": regle.code}, status=410)
    return render(request, "accounts/pas_moi.html", {"consequences": consequences, "retour": reverse("securite")})


@login_not_required
@require_GET
def fait(request: HttpRequest) -> HttpResponse:
    """What was done from « Sécurité », and what to do next, for the browser that did it."""
    dit = request.session.get(FAIT)
    if dit is None:
        return redirect("connexion")
    return render(request, "accounts/pas_moi_fait.html", {"le": None, **dit, "ancienne": False, "reprise": False})
