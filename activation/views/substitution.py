"""« Demander à remplacer le titulaire »: the SIREN, one or a hundred, then the services, in one form."""

import time
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from accounts.models import Espace
from accounts.portes.acces import espace_requis
from accounts.portes.etapes import pages_gardees
from accounts.portes.reauthentification import reauthentification_requise
from accounts.saisies.regles import RegleMetier
from accounts.traces.lecture import TropDeLectures
from services.adresses.envoi import AdresseInconnue, adresses_des_courriers
from services.models import PersonneSirenisee, Service
from services.registre.identification import personnes_d_identifiants

from ..demandes.consultations import consulter
from ..demandes.lectures import annonce_du_depot, designer_identifiant, place_manquante
from ..demandes.lettres_a_venir import lettres_a_venir
from ..demandes.substitution import (
    Choix,
    Eligibilite,
    ServiceDemandable,
    SirenRefuses,
    combien_seraient_remplaces,
    deposer_substitution,
    eligibilite,
    service_par_service,
    services_demandables,
)
from ..forms import SirensForm, SubstitutionForm
from ..models import Demande
from .relire import a_relire, est_relu, relire

CONSENTI = "substitution_relue"
COMPTE_PENDANT = timedelta(minutes=10)
"""How long the number of persons that one would replace is believed: then it is counted anew, and shown if it changed."""


@dataclass(frozen=True)
class Ligne:
    """One SIREN of the list: where its letter goes, its services, and the value of the box of each."""

    personne: PersonneSirenisee
    adresse: str
    services: list[ServiceDemandable]

    def valeur(self, service: Service) -> str:
        return f"{self.personne.siren}:{service.code}"

    def choisis(self, coches: set[str]) -> list[Service]:
        """Return the services of this SIREN whose box is ticked."""
        return [ligne.service for ligne in self.services if self.valeur(ligne.service) in coches]

    @property
    def un_par_un(self) -> bool:
        """Whether its services are never chosen for it by those of another (ordonnateur and comptable)."""
        return service_par_service(self.personne)


@dataclass(frozen=True)
class Selection:
    """The SIREN of the list, and those that cannot be asked for."""

    lignes: list[Ligne] = field(default_factory=list)
    inconnus: list[tuple[str, str]] = field(default_factory=list)  # what was typed, what to call it
    ecartees: list[tuple[PersonneSirenisee, str]] = field(default_factory=list)
    sans_adresse: list[str] = field(default_factory=list)  # the SIREN of those to which no letter can go

    def ecarter(self, refus: SirenRefuses) -> bool:
        """Set aside those of the list that were refused, each with why; return whether others remain."""
        for personne, regle in refus.refus.items():
            self.ecartees.append((personne, str(regle)))
            if isinstance(regle, AdresseInconnue):
                self.sans_adresse.append(personne.siren)
        self.lignes[:] = [ligne for ligne in self.lignes if ligne.personne not in refus.refus]
        return bool(self.lignes)

    @property
    def par_raison(self) -> dict[str, list[PersonneSirenisee]]:
        """Return those set aside, each reason said once."""
        raisons: dict[str, list[PersonneSirenisee]] = {}
        for personne, raison in self.ecartees:
            raisons.setdefault(raison, []).append(personne)
        return raisons

    @property
    def restants(self) -> str:
        """Return the SIREN that can still be asked for, as the address of the page writes them."""
        return ",".join(ligne.personne.siren for ligne in self.lignes)

    def choix(self, coches: set[str]) -> list[Choix]:
        """Return what the boxes ask for, SIREN by SIREN."""
        lignes = [(ligne.personne, ligne.choisis(coches)) for ligne in self.lignes]
        return [Choix(personne, services) for personne, services in lignes if services]

    def partout(self, coches: set[str]) -> tuple[Ligne | None, set[str]]:
        """Return the first SIREN for which something is ticked, and the boxes once its services are ticked for all.

        What was ticked stays; a public body is left to be chosen for itself.
        """
        modele = next((ligne for ligne in self.lignes if ligne.choisis(coches)), None)
        if modele is None:
            return None, coches
        codes = {service.code for service in modele.choisis(coches)}
        ailleurs = {
            ligne.valeur(offert.service)
            for ligne in self.lignes
            if not ligne.un_par_un
            for offert in ligne.services
            if offert.service.code in codes
        }
        return modele, coches | ailleurs

    def montrees(self, coches: set[str]) -> list[dict[str, Any]]:
        """Return the list as its page shows it: each SIREN with its boxes, those ticked counted."""
        return [
            {
                "ligne": ligne,
                "services": [(offert, ligne.valeur(offert.service)) for offert in ligne.services],
                "nombre": len(ligne.choisis(coches)),
            }
            for ligne in self.lignes
        ]


def _selection(espace: Espace, sirens: list[str]) -> Selection:
    """Sort the SIREN typed: five queries whatever their number; an IDSP and the SIREN it became are one."""
    connues = personnes_d_identifiants(sirens)
    envois = adresses_des_courriers(list(connues.values()))
    demandables = services_demandables(espace, list(connues.values()))
    selection = Selection(inconnus=[(siren, designer_identifiant(siren)) for siren in sirens if siren not in connues])
    for personne in dict.fromkeys(connues[siren] for siren in sirens if siren in connues):
        envoi = envois[personne.pk]
        etat = eligibilite(personne, adresse_connue=envoi is not None)
        if envoi is None or etat is not Eligibilite.POSSIBLE:
            selection.ecartees.append((personne, etat.explication))
            if etat is Eligibilite.SANS_ADRESSE:
                selection.sans_adresse.append(personne.siren)
        elif not demandables[personne]:
            selection.ecartees.append((personne, "vous êtes administrateur titulaire de tous ses services"))
        else:
            selection.lignes.append(Ligne(personne, envoi.annonce, demandables[personne]))
    return selection


def _premiere_page(
    request: HttpRequest, recherche: SirensForm, selection: Selection, statut: int = 200, trop: str = ""
) -> HttpResponse:
    contexte = {"formulaire": recherche, "selection": selection, "trop": trop}
    return render(request, "activation/substitution_siren.html", contexte, status=statut)


@reauthentification_requise
@espace_requis
@pages_gardees
@require_http_methods(["GET", "POST"])
def substituer(request: HttpRequest, espace: Espace) -> HttpResponse:
    """First the SIREN (a GET, so that nothing is lost), then the services, then the letters; one POST deposits every demande."""
    recherche = SirensForm(request.GET if "sirens" in request.GET else None)
    selection, refus = _examiner_la_liste(request, espace, recherche)
    if refus is not None:
        return refus
    envoye = a_relire(request) and "partout" not in request.POST
    # What is only to be changed is not corrected.
    form = SubstitutionForm(request.POST if envoye else None, initial={"qualite": request.POST.get("qualite", "")})
    coches, statut = set(request.POST.getlist("services")), 200
    if "partout" in request.POST:
        coches = _cocher_partout(request, selection, coches)
    elif envoye and form.is_valid():
        choix = selection.choix(coches)
        try:
            if reponse := _relire_ou_rien(request, espace, choix, form.cleaned_data["qualite"], selection):
                return reponse
            demandes = deposer_substitution(
                acteur=espace,
                choix=choix,
                qualite=form.cleaned_data["qualite"],
                relecture=request.session.get(CONSENTI, {}).get("essai"),
            )
        except SirenRefuses as regle:
            form.refuser(regle)
            if not selection.ecarter(regle):
                return _premiere_page(request, SirensForm(), selection)
        except RegleMetier as regle:
            form.refuser(regle)
            statut = regle.statut
        else:
            request.session.pop(CONSENTI, None)
            return _deposees(request, choix, demandes)
    return render(
        request,
        "activation/substitution_services.html",
        {
            "formulaire": form,
            "selection": selection,
            "suite": reverse("substitution", query={"sirens": selection.restants}),
            "coches": coches,
            "lignes": selection.montrees(coches),
        },
        status=statut,
    )


def _examiner_la_liste(
    request: HttpRequest, espace: Espace, recherche: SirensForm
) -> tuple[Selection, HttpResponse | None]:
    """Return the SIREN typed, and the first page again where they lead to no other."""
    statut = 200
    if recherche.is_valid():
        try:
            consulter(acteur=espace, request=request, identifiants=recherche.cleaned_data["sirens"])
        except TropDeLectures as regle:
            recherche.refuser(regle)
            statut = regle.statut
    selection = _selection(espace, recherche.cleaned_data["sirens"]) if recherche.is_valid() else Selection()
    if not selection.lignes or espace.mode != Espace.Mode.EXPERT:
        return selection, _premiere_page(request, recherche, selection, statut)
    if trop := place_manquante(espace, [ligne.personne for ligne in selection.lignes]):
        return selection, _premiere_page(request, recherche, selection, statut, trop)
    return selection, None


def _cocher_partout(request: HttpRequest, selection: Selection, coches: set[str]) -> set[str]:
    """Tick for all the SIREN the services of the first for which some are, and say so."""
    modele, partout = selection.partout(coches)
    if modele is None:
        messages.error(request, "Cochez d’abord les services d’une entreprise : ils le seront alors pour les autres.")
    else:
        messages.info(
            request,
            f"Les services choisis pour {modele.personne.denomination} sont cochés partout : vérifiez la liste.",
        )
    return partout


def _relire_ou_rien(
    request: HttpRequest, espace: Espace, choix: list[Choix], qualite: str, selection: Selection
) -> HttpResponse | None:
    """Return the page of the letters and of how many would be replaced, or None when this POST confirms both.

    Raises: what the act would raise of it.
    """
    lettres = lettres_a_venir(espace, [(c.personne, [s.libelle for s in c.services]) for c in choix]) if choix else []
    nombre = _combien_remplaces(request, espace, choix)
    if lettres and est_relu(request, lettres, qualite, nombre):
        return None
    remplaces = (
        f"{nombre} personne{'s' if nombre > 1 else ''}, qui ne peu{'ven' if nombre > 1 else ''}t pas s’y opposer"
    )
    if not nombre:
        remplaces = "aucun de ces services n’a de titulaire à remplacer : demandez plutôt une adhésion"
    return relire(
        request,
        lettres,
        qualite,
        nombre,
        faits=[
            ("Vous agissez comme", Demande.Qualite(qualite).label),
            ("Vous remplaceriez", remplaces),
            ("Avertis aussi", "Chaque titulaire à remplacer apprend votre nom et votre organisation"),
        ],
        titre="Substitution",
        retour=reverse("substitution", query={"sirens": selection.restants}),
        bouton="Envoyer la demande et le courrier" if len(lettres) == 1 else "Envoyer les demandes et les courriers",
        etape=3,
        avertissement="Quand vous saisirez le code, le titulaire perdra son accès, et les personnes qu’il avait habilitées "
        "seront mises en veille : vous aurez trente jours pour les conserver ou les retirer.",
    )


def _combien_remplaces(request: HttpRequest, espace: Espace, choix: list[Choix]) -> int:
    """Return how many persons this choice would replace, as it was counted in this session a while ago at most.

    Raises: those of combien_seraient_remplaces.
    """
    voulu = [[c.personne.pk, sorted(s.pk for s in c.services)] for c in choix]
    connu = request.session.get(CONSENTI, {})
    age = time.time() - connu.get("le", 0)
    if connu.get("voulu") != voulu or not 0 <= age <= COMPTE_PENDANT.total_seconds():
        nombre, essai = combien_seraient_remplaces(acteur=espace, choix=choix)
        connu = request.session[CONSENTI] = {"voulu": voulu, "nombre": nombre, "essai": essai, "le": time.time()}
    return int(connu["nombre"])


def _deposees(request: HttpRequest, choix: list[Choix], demandes: list[Demande]) -> HttpResponse:
    if len(demandes) == 1:
        messages.success(request, annonce_du_depot(demandes[0]))
        _dire_a_adherer(request, choix[0], demandes[0])
        return redirect("demande", reference=demandes[0].reference)
    messages.success(
        request,
        f"Vos {len(demandes)} demandes sont enregistrées. Un code d’activation part à chaque représentant légal, "
        "au rythme de vingt courriers par jour : chaque demande dit le jour du sien.",
    )
    return redirect("demandes")


def _dire_a_adherer(request: HttpRequest, choix: Choix, demande: Demande) -> None:
    """Say which of the services that were ticked have nobody to replace."""
    demandes = set(demande.services.all())
    noms = [service.libelle for service in choix.services if service not in demandes]
    if noms:
        messages.info(request, f"Sans titulaire à remplacer, à adhérer : {', '.join(noms)}.")
