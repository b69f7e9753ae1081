"""Designating by a CSV file: the report first, the confirmation after."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import Espace
from accounts.portes.acces import espace_requis, recoit_fichier
from accounts.portes.reauthentification import reauthentification_requise
from accounts.saisies.regles import RegleMetier

from ..forms import FichierForm
from ..lectures.partage import services_du_filtre
from ..partage.en_masse import COLONNES, TAILLE, Rapport, designer_en_masse, examiner_fichier
from .apercu import empreinte, est_ce_qui_a_ete_montre

CLE = "designation_fichier"
MONTREES = 200


@recoit_fichier(TAILLE)
@espace_requis
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
        request.session[CLE] = rapport.designations()
    montrees = [] if rapport is None else (rapport.en_erreur or rapport.lignes)
    return render(
        request,
        "habilitations/designation_fichier.html",
        {
            "formulaire": form,
            "rapport": rapport,
            "apercu": empreinte(rapport.designations()) if rapport is not None else "",
            "lignes": montrees[:MONTREES],
            "en_trop": max(0, len(montrees) - MONTREES),
            "colonnes": ";".join(COLONNES),
            "services": services_du_filtre(),
        },
    )


@reauthentification_requise
@espace_requis
@require_POST
def confirmer(request: HttpRequest, espace: Espace) -> HttpResponse:
    """Do what the report said, all or nothing."""
    designations = request.session.get(CLE)
    if not designations or not est_ce_qui_a_ete_montre(request, empreinte(designations)):
        messages.error(request, "Ce fichier n'attend plus de confirmation : déposez-le de nouveau.")
        return redirect("designation_fichier")
    del request.session[CLE]
    try:
        accordees = designer_en_masse(acteur=espace, designations=designations)
    except RegleMetier as regle:
        messages.error(request, str(regle))
        return redirect("designation_fichier")
    nombre = len(accordees)
    messages.success(
        request,
        f"{nombre} habilitation{'s' if nombre > 1 else ''} accordée{'s' if nombre > 1 else ''}. "
        "Chaque personne désignée est prévenue par courriel.",
    )
    return redirect("delegations")
