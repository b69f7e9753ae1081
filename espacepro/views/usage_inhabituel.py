"""Was it the holder? The question of the cell about an unusual use; « ce n'est pas moi » is its other answer (R15; CGU §3.6.a)."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.models import Espace
from accounts.portes.acces import espace_requis
from accounts.portes.reauthentification import reauthentification_requise
from accounts.saisies.regles import RegleMetier
from surveillance.alertes.questions import dire_que_c_etait_moi, question_de
from surveillance.models import Alerte
from surveillance.signaux.registre import nom_de

DIT = "C’est noté : vous avez dit que c’était vous. Un agent de la cellule de surveillance décide ensuite."


@espace_requis
@reauthentification_requise
@require_http_methods(["GET", "POST"])
def repondre(request: HttpRequest, espace: Espace, alerte: UUID) -> HttpResponse:
    """Show what was seen, and take « c'était moi ». Raises: Http404 for what this holder was not asked."""
    question = question_de(espace, alerte)
    if question is None:
        raise Http404
    erreur = ""
    if request.method == "POST":
        try:
            dire_que_c_etait_moi(acteur=espace, question=question)
        except RegleMetier as regle:
            erreur = str(regle)
        else:
            messages.success(request, DIT)
            return redirect("espace")
    return render(
        request,
        "espacepro/usage_inhabituel.html",
        {
            "question": question,
            "signal": nom_de(question.alerte.motif),
            "attend": question.attend_une_reponse() and question.alerte.etat == Alerte.Etat.OUVERTE,
            "erreur": erreur,
        },
    )
