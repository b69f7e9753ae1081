"""The page that a message of the messagerie sécurisée leads to: the code, for the one who may read it."""

import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_http_methods

from accounts.models import Espace
from accounts.portes.acces import espace_requis
from accounts.portes.reauthentification import reauthentification_requise
from accounts.saisies.regles import RegleMetier

from ..courriers.messagerie import codes_recus, lire_code


@reauthentification_requise
@espace_requis
@require_http_methods(["GET", "POST"])
def code_recu(request: HttpRequest, espace: Espace, courrier: uuid.UUID) -> HttpResponse:
    """Who asks for what; a POST shows the code, since reading it is journaled."""
    objet = get_object_or_404(codes_recus(espace), pk=courrier)
    contexte: dict[str, object] = {"courrier": objet, "demande": objet.demande, "personne": objet.demande.personne}
    if request.method == "POST":
        try:
            contexte["code"] = lire_code(acteur=espace, courrier=objet)
        except RegleMetier as regle:
            contexte["regle"] = regle
    return render(request, "activation/code_recu.html", contexte)
