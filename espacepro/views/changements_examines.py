"""What was changed while an espace was not in its holder's hands: ticked, shown again, undone in one confirmation (R16)."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.models import Espace
from accounts.portes.acces import espace_requis
from accounts.portes.reauthentification import reauthentification_requise
from accounts.saisies.apercu import CHAMP
from accounts.saisies.regles import RegleMetier
from surveillance.espaces.retablissement import (
    a_examiner,
    apercu_des_changements,
    changements_de,
    trancher_changements,
)

FAIT = "C’est fait : ce que vous n’avez pas reconnu est défait, le reste vous est rendu."


@espace_requis
@reauthentification_requise
@require_http_methods(["GET", "POST"])
def examiner(request: HttpRequest, espace: Espace) -> HttpResponse:
    """Show what was changed, then what would be undone, then do it; go home where nothing is to look at."""
    desactivation = a_examiner(espace)
    if desactivation is None:
        return redirect("espace")
    changements = changements_de(desactivation)
    defaire = set(request.POST.getlist("defaire")) & {c.cle for c in changements if c.defaisable}
    erreur = ""
    if CHAMP in request.POST:
        try:
            trancher_changements(acteur=espace, defaire=defaire, montre=request.POST[CHAMP])
        except RegleMetier as regle:
            erreur = str(regle)
        else:
            messages.success(request, FAIT)
            return redirect("espace")
    return render(
        request,
        "espacepro/changements_examines.html",
        {
            "desactivation": desactivation,
            "changements": changements,
            "defaits": [c for c in changements if c.cle in defaire],
            "gardes": [c for c in changements if c.defaisable and c.cle not in defaire],
            "defaire": defaire,
            "apercu": apercu_des_changements(changements),
            "relire": request.method == "POST" and not erreur and "modifier" not in request.POST,
            "erreur": erreur,
        },
    )
