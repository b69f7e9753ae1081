"""Pages of the demandes: adhere, list, cancel, ask for another letter."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from accounts.compteurs import double_envoi
from accounts.models import Espace
from accounts.portes.acces import espace_requis
from accounts.portes.etapes import pages_gardees
from accounts.saisies.apercu import CHAMP
from accounts.saisies.regles import RegleMetier
from accounts.traces.lecture import TropDeLectures
from habilitations.lectures.demandes_habilitation import nombre_demandees
from services.models import PersonneSirenisee, Service

from ..demandes import adhesion, depot, suites
from ..demandes.consultations import consulter
from ..demandes.lectures import (
    ETATS,
    TAILLES,
    FiltresDemandes,
    annonce_du_depot,
    attend_des_adresses,
    codes_attendus,
    mes_demandes,
    personne_pour_adherer,
    place_manquante,
)
from ..demandes.lettres_a_venir import lettres_a_venir
from ..forms import AdhesionForm, SirenForm
from ..models import Demande
from .codes import demande_de
from .relire import a_relire, est_relu, redemander, relire

BOUQUET = "bouquet"  # one box for the services that an espace simplifié receives at once


@espace_requis
@pages_gardees
@require_http_methods(["GET", "POST"])
def adherer(request: HttpRequest, espace: Espace) -> HttpResponse:
    """Ask for adhésion: first the SIREN (a GET, so that nothing is lost), then the services."""
    try:
        depot.exiger_expert_actif(espace)
    except depot.EspaceNonExpert as regle:
        messages.info(request, str(regle))
        return redirect("passer_expert")
    if "siren" not in request.GET:
        return render(request, "activation/adherer_siren.html", {"formulaire": SirenForm(), "trop": ""})
    recherche = SirenForm(request.GET)
    statut = _compter_la_recherche(request, espace, recherche)
    choisie = personne_pour_adherer(recherche)
    if choisie is None:
        return render(request, "activation/adherer_siren.html", {"formulaire": recherche, "trop": ""}, status=statut)
    personne, envoi = choisie
    if trop := place_manquante(espace, [personne]):
        return render(request, "activation/adherer_siren.html", {"formulaire": recherche, "trop": trop})
    proposables = adhesion.services_proposables(espace, personne)
    bouquet = [ligne.service.code for ligne in proposables if ligne.demandable and ligne.service.bouquet_simplifie]
    form = AdhesionForm(_avec_le_bouquet(request.POST, bouquet) or None)
    tenus = False
    if a_relire(request) and form.is_valid():
        services, qualite = list(form.cleaned_data["services"]), form.cleaned_data["qualite"]
        try:
            return _relire_ou_deposer(request, espace, personne, services, qualite)
        except RegleMetier as regle:
            form.refuser(regle)
            statut = regle.statut
            tenus = bool(regle.contexte.get("tenus"))
    return render(
        request,
        "activation/adherer_services.html",
        {
            "tenus": tenus,
            "formulaire": form,
            "personne": personne,
            "envoi": envoi,
            "demandables": [ligne for ligne in proposables if ligne.demandable],
            "autres": [ligne for ligne in proposables if not ligne.demandable],
            "bouquet": bouquet,
            "coches": set(form.data.getlist("services")) if form.is_bound else set(),
        },
        status=statut,
    )


def _avec_le_bouquet(saisie: QueryDict, bouquet: list[str]) -> QueryDict:
    """Return what was posted, the one tick of the bouquet turned into those of its services."""
    if BOUQUET not in saisie:
        return saisie
    complete = saisie.copy()
    complete.setlist("services", list(dict.fromkeys([*saisie.getlist("services"), *bouquet])))
    return complete


def _relire_ou_deposer(
    request: HttpRequest, espace: Espace, personne: PersonneSirenisee, services: list[Service], qualite: str
) -> HttpResponse:
    """Show the page of the letter, or ask for the adhésion that it showed. Raises: what the act raises."""
    demande: Demande | None
    try:
        adhesion.examiner_adhesion(espace, personne, services)
        lettres = lettres_a_venir(espace, [(personne, [service.libelle for service in services])])
        if not est_relu(request, lettres, qualite):
            return relire(
                request,
                lettres,
                qualite,
                faits=[("Vous agissez comme", Demande.Qualite(qualite).label), ("Avertis aussi", "Vous, par courriel")],
                titre="Adhérer",
                retour=reverse("adherer", query={"siren": personne.siren}),
                bouton="Envoyer la demande et le courrier",
                etape=3,
            )
        demande = adhesion.deposer_adhesion(acteur=espace, personne=personne, services=services, qualite=qualite)
    except depot.DemandeDejaEnCours:
        demande = adhesion.deposee_a_l_instant(acteur=espace, personne=personne, services=services, qualite=qualite)
        if demande is None or CHAMP not in request.POST:
            raise
    double_envoi.annoncer_une_fois(request, annonce_du_depot(demande))
    return redirect("demande", reference=demande.reference)


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
            "demandees": nombre_demandees(espace),
            "adresses": attend_des_adresses(espace),
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
@require_http_methods(["GET", "POST"])
def nouveau_courrier(request: HttpRequest, espace: Espace, reference: str) -> HttpResponse:
    """Ask for another letter, after a page that says where it goes (R9)."""
    objet = demande_de(espace, reference)
    return redemander(request, espace, objet, retour=reverse("demande", args=[objet.reference]))
