"""Pages of the demandes: adhere, follow, enter the code, cancel, ask for another letter."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.compteurs import double_envoi
from accounts.models import Espace
from accounts.portes.acces import espace_requis
from accounts.saisies.apercu import est_ce_qui_a_ete_montre
from accounts.saisies.regles import RegleMetier
from accounts.traces.lecture import TropDeLectures
from habilitations.views.apercu import PlaceChangee, empreinte_des_lignes
from habilitations.views.sujets import grouper

from ..demandes import adhesion, depot, suites
from ..demandes.activation import activer
from ..demandes.consultations import consulter
from ..demandes.lectures import (
    annonce_du_courrier,
    annonce_du_depot,
    ce_que_le_code_termine,
    detail_demande,
    mes_demandes,
    personne_pour_adherer,
)
from ..forms import AdhesionForm, CodeForm, SirenForm
from ..models import Demande


def _demande(espace: Espace, reference: str) -> Demande:
    """Return this demande if it is this espace's own; 404 otherwise."""
    return get_object_or_404(
        Demande.objects.visibles_par(espace).select_related("personne__service_gestionnaire"), reference=reference
    )


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
    """All the demandes of the espace."""
    return render(request, "activation/demandes.html", {"page": mes_demandes(espace, request.GET.get("page", "1"))})


@espace_requis
@require_GET
def a_activer(request: HttpRequest, espace: Espace) -> HttpResponse:
    """« Activer »: straight to the demande when only one waits for its code."""
    en_cours = list(
        Demande.objects.visibles_par(espace).en_cours().select_related("personne").order_by("-deposee_le")[:50]
    )
    if len(en_cours) == 1:
        return redirect("demande", reference=en_cours[0].reference)
    return render(request, "activation/activer.html", {"demandes": en_cours})


@espace_requis
@sensitive_post_parameters("code")
@require_http_methods(["GET", "POST"])
def demande(request: HttpRequest, espace: Espace, reference: str) -> HttpResponse:
    """One demande: its timeline, and the field for its code."""
    objet = _demande(espace, reference)
    form = CodeForm(request.POST or None)
    cedees = ce_que_le_code_termine(objet)
    apercu = empreinte_des_lignes(cedees)
    if request.method == "POST" and form.is_valid():
        try:
            if cedees and not est_ce_qui_a_ete_montre(request.POST, apercu):
                raise PlaceChangee
            activation = activer(acteur=espace, demande=objet, saisie=form.cleaned_data["code"])
        except RegleMetier as regle:
            form.refuser(regle)
            objet.refresh_from_db()
        else:
            if activation.adhesions:
                messages.success(request, "Code accepté : vos services sont ouverts.")
            if activation.a_confirmer:
                messages.warning(
                    request,
                    "Des personnes que votre prédécesseur avait habilitées sont en veille. Vous avez trente jours pour "
                    "les conserver : « Gérer les services », puis « Changement de titulaire ».",
                )
            for service in activation.deja_ouverts:
                messages.warning(request, f"« {service.libelle} » avait été ouvert entre-temps par un autre espace.")
            return redirect("demande", reference=objet.reference)
    return render(
        request,
        "activation/demande.html",
        {
            "detail": detail_demande(objet),
            "demande": objet,
            "personne": objet.personne,
            "formulaire": form,
            "cedees": grouper(cedees),
            "apercu": apercu,
        },
    )


@espace_requis
@require_http_methods(["GET", "POST"])
def annuler(request: HttpRequest, espace: Espace, reference: str) -> HttpResponse:
    """Cancel a demande, after a page that says what it does."""
    objet = _demande(espace, reference)
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
    objet = _demande(espace, reference)
    try:
        courrier = suites.demander_nouveau_courrier(acteur=espace, demande=objet)
    except RegleMetier as regle:
        messages.error(request, str(regle))
    else:
        messages.success(request, annonce_du_courrier(courrier))
    return redirect("demande", reference=objet.reference)
