"""Pages of the demandes: adhere, list, cancel, ask for another letter."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.compteurs import double_envoi
from accounts.models import Espace
from accounts.portes.acces import espace_requis
from accounts.saisies.regles import RegleMetier
from accounts.traces.lecture import TropDeLectures

from ..demandes import adhesion, depot, suites
from ..demandes.consultations import consulter
from ..demandes.lectures import (
    ETATS,
    TAILLES,
    FiltresDemandes,
    annonce_du_courrier,
    annonce_du_depot,
    codes_attendus,
    mes_demandes,
    personne_pour_adherer,
)
from ..forms import AdhesionForm, SirenForm
from ..models import Demande
from .codes import demande_de


@espace_requis
@require_http_methods(["GET", "POST"])
def adherer(request: HttpRequest, espace: Espace) -> HttpResponse:
    """Ask for adhésion: first the SIREN (a GET, so that nothing is lost), then the services."""
    try:
        depot.exiger_expert_actif(espace)
    except depot.EspaceNonExpert as regle:
        messages.info(request, str(regle))
        return redirect("passer_expert")
    if "siren" not in request.GET:
        return render(request, "activation/adherer_siren.html", {"formulaire": SirenForm()})
    recherche = SirenForm(request.GET)
    statut = _compter_la_recherche(request, espace, recherche)
    choisie = personne_pour_adherer(recherche)
    if choisie is None:
        return render(request, "activation/adherer_siren.html", {"formulaire": recherche}, status=statut)
    personne, envoi = choisie
    form = AdhesionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        saisie = {"services": list(form.cleaned_data["services"]), "qualite": form.cleaned_data["qualite"]}
        demande: Demande | None = None
        try:
            demande = adhesion.deposer_adhesion(acteur=espace, personne=personne, **saisie)
        except depot.DemandeDejaEnCours as regle:
            demande = adhesion.deposee_a_l_instant(acteur=espace, personne=personne, **saisie)
            if demande is None:
                form.refuser(regle)
        except RegleMetier as regle:
            form.refuser(regle)
            statut = regle.statut
        if demande is not None:
            double_envoi.annoncer_une_fois(
                request,
                annonce_du_depot(demande),
            )
            return redirect("demande", reference=demande.reference)
    proposables = adhesion.services_proposables(espace, personne)
    return render(
        request,
        "activation/adherer_services.html",
        {
            "formulaire": form,
            "personne": personne,
            "envoi": envoi,
            "proposables": proposables,
            "aucun_demandable": not any(ligne.demandable for ligne in proposables),
            "coches": set(form.data.getlist("services")) if form.is_bound else set(),
            "qualite_choisie": form.data.get("qualite", "") if form.is_bound else "",
        },
        status=statut,
    )


def _compter_la_recherche(request: HttpRequest, espace: Espace, recherche: SirenForm) -> int:
    """Count that this espace is told of this SIREN, unless the form says that it is one too many; return the page's status."""
    if recherche.is_valid():
        try:
            consulter(acteur=espace, request=request, identifiants=[recherche.cleaned_data["siren"]])
        except TropDeLectures as regle:
            recherche.refuser(regle)
            return regle.statut
    return 200


@espace_requis
@require_GET
def liste(request: HttpRequest, espace: Espace) -> HttpResponse:
    """All the demandes of the espace, searched, filtered, ordered."""
    filtres = FiltresDemandes.depuis(request.GET)
    return render(
        request,
        "activation/demandes.html",
        {
            "page": mes_demandes(espace, filtres, request.GET.get("page", "1")),
            "filtres": filtres,
            "etats": ETATS,
            "tailles": TAILLES,
            "attendus": codes_attendus(espace),
        },
    )


@espace_requis
@require_http_methods(["GET", "POST"])
def annuler(request: HttpRequest, espace: Espace, reference: str) -> HttpResponse:
    """Cancel a demande, after a page that says what it does."""
    objet = demande_de(espace, reference)
    if request.method == "POST":
        try:
            suites.annuler_demande(acteur=espace, demande=objet)
        except RegleMetier as regle:
            messages.error(request, str(regle))
        else:
            messages.success(request, f"La demande {objet.reference} est annulée. Son code ne peut plus servir.")
        return redirect("demande", reference=objet.reference)
    if not objet.est_en_cours:
        return redirect("demande", reference=objet.reference)
    return render(request, "activation/annuler.html", {"demande": objet, "personne": objet.personne})


@espace_requis
@require_POST
def nouveau_courrier(request: HttpRequest, espace: Espace, reference: str) -> HttpResponse:
    """Ask for another letter (R9)."""
    objet = demande_de(espace, reference)
    try:
        courrier = suites.demander_nouveau_courrier(acteur=espace, demande=objet)
    except RegleMetier as regle:
        messages.error(request, str(regle))
    else:
        messages.success(request, annonce_du_courrier(courrier))
    return redirect("demande", reference=objet.reference)
