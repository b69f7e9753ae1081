"""« Demander à remplacer le titulaire »: the SIREN, one or a hundred, then the services, in one form."""

from dataclasses import dataclass, field

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from accounts.models import Espace
from accounts.portes.acces import espace_requis
from accounts.portes.reauthentification import reauthentification_requise
from accounts.saisies.regles import RegleMetier
from accounts.traces.lecture import TropDeLectures
from services.adresses.envoi import AdresseEnvoi, adresses_des_courriers
from services.models import PersonneSirenisee, Service
from services.registre.identification import personnes_d_identifiants

from ..demandes.consultations import consulter
from ..demandes.lectures import annonce_du_depot, designer_identifiant
from ..demandes.substitution import (
    Choix,
    Eligibilite,
    ServiceDemandable,
    SirenRefuses,
    deposer_substitution,
    eligibilite,
    service_par_service,
    services_demandables,
)
from ..forms import SirensForm, SubstitutionForm
from ..models import Demande


@dataclass(frozen=True)
class Commun:
    """A service chosen once for all the companies of the list: how many it concerns."""

    service: Service
    personnes: list[PersonneSirenisee]


@dataclass(frozen=True)
class Selection:
    """The SIREN of the list, by how their services are chosen, and those that cannot be asked for."""

    une_a_une: list[tuple[PersonneSirenisee, list[ServiceDemandable]]] = field(default_factory=list)
    communes: list[tuple[PersonneSirenisee, list[ServiceDemandable]]] = field(default_factory=list)
    inconnus: list[tuple[str, str]] = field(default_factory=list)  # what was typed, what to call it
    ecartees: list[tuple[PersonneSirenisee, str]] = field(default_factory=list)
    envois: dict[int, AdresseEnvoi | None] = field(default_factory=dict)

    def adresse(self, personne: PersonneSirenisee) -> str:
        """Return what is told of the address to which its letter goes."""
        envoi = self.envois[personne.pk]
        return envoi.annonce if envoi else ""

    def ecarter(self, refus: SirenRefuses) -> bool:
        """Set aside those of the list that were refused, each with why; return whether others remain."""
        for personne, regle in refus.refus.items():
            self.ecartees.append((personne, str(regle)))
        for lignes in (self.une_a_une, self.communes):
            lignes[:] = [(personne, services) for personne, services in lignes if personne not in refus.refus]
        return self.possible

    @property
    def restants(self) -> str:
        """Return the SIREN that can still be asked for, as the address of the page writes them."""
        return ",".join(personne.siren for personne, _ in [*self.une_a_une, *self.communes])

    @property
    def possible(self) -> bool:
        return bool(self.une_a_une or self.communes)

    @property
    def services_communs(self) -> list[Commun]:
        par_service: dict[Service, list[PersonneSirenisee]] = {}
        for personne, tenus in self.communes:
            for tenu in tenus:
                par_service.setdefault(tenu.service, []).append(personne)
        return [
            Commun(service, personnes)
            for service, personnes in sorted(par_service.items(), key=lambda p: (p[0].ordre, p[0].code))
        ]

    def choix(self, coches: set[str]) -> list[Choix]:
        """Return what the boxes ask for: `CODE` for all the companies, `SIREN:CODE` for one."""
        lignes = [(p, [t.service for t in tenus if t.service.code in coches]) for p, tenus in self.communes]
        lignes += [(p, [t.service for t in tenus if _est_coche(p, t.service, coches)]) for p, tenus in self.une_a_une]
        return [Choix(personne, services) for personne, services in lignes if services]

    @property
    def cochees_d_abord(self) -> set[str]:
        return {commun.service.code for commun in self.services_communs}


def _est_coche(personne: PersonneSirenisee, service: Service, coches: set[str]) -> bool:
    """Whether this box is ticked; the last company of a list whose others were set aside still has the boxes of all."""
    pour_toutes = service.code in coches and not service_par_service(personne)
    return pour_toutes or f"{personne.siren}:{service.code}" in coches


def _selection(espace: Espace, sirens: list[str]) -> Selection:
    """Sort the SIREN typed: five queries whatever their number; an IDSP and the SIREN it became are one."""
    connues = personnes_d_identifiants(sirens)
    envois = adresses_des_courriers(list(connues.values()))
    demandables = services_demandables(espace, list(connues.values()))
    selection = Selection(
        envois=envois, inconnus=[(siren, designer_identifiant(siren)) for siren in sirens if siren not in connues]
    )
    for personne in dict.fromkeys(connues[siren] for siren in sirens if siren in connues):
        etat = eligibilite(personne, adresse_connue=envois[personne.pk] is not None)
        if etat is not Eligibilite.POSSIBLE:
            selection.ecartees.append((personne, etat.explication))
        elif len(sirens) == 1 or service_par_service(personne):
            selection.une_a_une.append((personne, demandables[personne]))
        else:
            selection.communes.append((personne, demandables[personne]))
    return selection


@reauthentification_requise
@espace_requis
@require_http_methods(["GET", "POST"])
def substituer(request: HttpRequest, espace: Espace) -> HttpResponse:
    """First the SIREN (a GET, so that nothing is lost), then the services; one POST deposits every demande."""
    recherche = SirensForm(request.GET if "sirens" in request.GET else None)
    statut = 200
    if recherche.is_valid():
        try:
            consulter(acteur=espace, request=request, identifiants=recherche.cleaned_data["sirens"])
        except TropDeLectures as regle:
            recherche.refuser(regle)
            statut = regle.statut
    selection = _selection(espace, recherche.cleaned_data["sirens"]) if recherche.is_valid() else Selection()
    if not selection.possible or espace.mode != Espace.Mode.EXPERT:
        page = {"formulaire": recherche, "selection": selection}
        return render(request, "activation/substitution_siren.html", page, status=statut)
    form = SubstitutionForm(request.POST or None)
    coches = set(request.POST.getlist("services")) if request.method == "POST" else selection.cochees_d_abord
    if request.method == "POST" and form.is_valid():
        choix = selection.choix(coches)
        try:
            demandes = deposer_substitution(acteur=espace, choix=choix, qualite=form.cleaned_data["qualite"])
        except SirenRefuses as regle:
            form.refuser(regle)
            if not selection.ecarter(regle):
                return render(
                    request, "activation/substitution_siren.html", {"formulaire": SirensForm(), "selection": selection}
                )
        except RegleMetier as regle:
            form.refuser(regle)
            statut = regle.statut
        else:
            if len(demandes) == 1:
                messages.success(
                    request,
                    annonce_du_depot(demandes[0]),
                )
                _dire_a_adherer(request, choix[0], demandes[0])
                return redirect("demande", reference=demandes[0].reference)
            messages.success(
                request,
                f"Vos {len(demandes)} demandes sont enregistrées. Un code d'activation part à chaque représentant légal, "
                "au rythme de vingt courriers par jour : chaque demande dit le jour du sien.",
            )
            return redirect("demandes")
    return render(
        request,
        "activation/substitution_services.html",
        {
            "formulaire": form,
            "selection": selection,
            "suite": reverse("substitution", query={"sirens": selection.restants}),
            "coches": coches,
            "communes": [(personne, tenus, selection.adresse(personne)) for personne, tenus in selection.communes],
            "une_a_une": [
                (
                    personne,
                    selection.adresse(personne),
                    [(tenu, f"{personne.siren}:{tenu.service.code}") for tenu in tenus],
                )
                for personne, tenus in selection.une_a_une
            ],
            "qualite_choisie": form.data.get("qualite", "") if form.is_bound else "",
        },
        status=statut,
    )


def _dire_a_adherer(request: HttpRequest, choix: Choix, demande: Demande) -> None:
    """Say which of the services that were ticked have nobody to replace."""
    demandes = set(demande.services.all())
    noms = [service.libelle for service in choix.services if service not in demandes]
    if noms:
        messages.info(request, f"Sans titulaire à remplacer, à adhérer : {', '.join(noms)}.")
