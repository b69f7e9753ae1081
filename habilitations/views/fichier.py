"""Sharing by a file: the report first, the confirmation after."""

from collections.abc import Sequence

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import Espace
from accounts.portes.acces import espace_requis, recoit_fichier
from accounts.portes.etapes import pages_gardees
from accounts.portes.reauthentification import reauthentification_requise
from accounts.saisies.apercu import empreinte, est_ce_qui_a_ete_montre
from accounts.saisies.regles import RegleMetier

from ..forms import FichierForm
from ..lectures.export import MODELE
from ..lectures.partage import codes_du_catalogue
from ..models import Habilitation
from ..partage.en_masse import Operation, Rapport, appliquer_fichier, ce_que_touche, examiner_fichier
from ..tableurs.lecture import TAILLE_DU_FICHIER
from .apercu import empreinte_des_lignes
from .sujets import Touches

CLE = "designation_fichier"
MONTREES = 200


@recoit_fichier(TAILLE_DU_FICHIER)
@espace_requis
@pages_gardees
@require_http_methods(["GET", "POST"])
def examiner(request: HttpRequest, espace: Espace) -> HttpResponse:
    """Take the file and say, line by line, what it would do. Nothing is granted here."""
    form = FichierForm(request.POST, request.FILES) if request.method == "POST" else FichierForm()
    rapport: Rapport | None = None
    if request.method == "POST":
        request.session.pop(CLE, None)
        if form.is_valid():
            try:
                rapport = examiner_fichier(acteur=espace, contenu=form.contenu())
            except RegleMetier as regle:
                form.refuser(regle)
    if rapport is not None and rapport.possible:
        request.session[CLE] = rapport.operations()
    montrees = [] if rapport is None else (rapport.en_erreur or rapport.agissantes)
    return render(
        request,
        "habilitations/designation_fichier.html",
        {
            "formulaire": form,
            "rapport": rapport,
            "apercu": apercu_de(rapport.operations(), rapport.tombent) if rapport is not None else "",
            "tombent": Touches.de(rapport.tombent if rapport is not None else []),
            "lignes": montrees[:MONTREES],
            "en_trop": max(0, len(montrees) - MONTREES),
            "colonnes": MODELE,
            "services": codes_du_catalogue(),
        },
    )


@reauthentification_requise
@espace_requis
@require_POST
def confirmer(request: HttpRequest, espace: Espace) -> HttpResponse:
    """Do what the report said, all or nothing."""
    operations = request.session.get(CLE)
    touchees = ce_que_touche(espace, operations) if operations else []
    if not operations or not est_ce_qui_a_ete_montre(request.POST, apercu_de(operations, touchees)):
        messages.error(request, "Ce fichier n’attend plus de confirmation : déposez-le de nouveau.")
        return redirect("designation_fichier")
    del request.session[CLE]
    try:
        changees = appliquer_fichier(
            acteur=espace,
            operations=operations,
            reprendre=request.POST.get("suite") == "reprendre",
            montrees=[ligne.pk for ligne in touchees],
        )
    except RegleMetier as regle:
        messages.error(request, str(regle))
        return redirect("designation_fichier")
    nombre = len(changees)
    messages.success(
        request,
        f"C’est enregistré : {nombre} habilitation{'s' if nombre > 1 else ''} "
        f"changée{'s' if nombre > 1 else ''}. Chaque personne concernée est prévenue par courriel.",
    )
    return redirect("delegations")


def apercu_de(operations: Sequence[Operation], tombent: Sequence[Habilitation]) -> str:
    """Return the print of what the report shows: what the file asks for, and what falls with it."""
    return empreinte(operations, empreinte_des_lignes(tombent))
