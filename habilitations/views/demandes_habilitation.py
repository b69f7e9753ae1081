"""Demander une habilitation: the asker's page, the list of who answers, accepting, refusing (issue 13.4)."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.models import Espace
from accounts.portes.acces import espace_requis
from accounts.portes.etapes import pages_gardees
from accounts.portes.reauthentification import reauthentification_requise
from accounts.saisies.apercu import CHAMP, CHANGE, empreinte, est_ce_qui_a_ete_montre
from accounts.saisies.numeros import grouper_numero, normaliser_numero
from accounts.saisies.porte import lire_recherche
from accounts.saisies.regles import RegleMetier

from ..arbre.lots import par_raison
from ..droits.roles import DELEGUER_ACTEUR_DELEGANT, roles_pour
from ..forms import AccepterForm, DemandeHabilitationForm, RefusForm
from ..lectures.demandes_habilitation import a_accorder, demandes_a_repondre, mes_demandes_habilitation
from ..lectures.partage import PAR_PAGE
from ..models import DemandeHabilitation, Habilitation, Role
from ..partage import demandes as actes
from ..partage.designations import Examen, examiner
from .sujets import dire_quoi


@espace_requis
@require_GET
def liste(request: HttpRequest, espace: Espace) -> HttpResponse:
    """What waits for one's answer, and what one asked."""
    return render(
        request,
        "habilitations/demandes_habilitation.html",
        {
            "page": Paginator(demandes_a_repondre(espace), PAR_PAGE).get_page(request.GET.get("page", "1")),
            "miennes": mes_demandes_habilitation(espace),
            "extinction": actes.EXTINCTION,
        },
    )


@espace_requis
@require_http_methods(["GET", "POST"])
def demander(request: HttpRequest, espace: Espace) -> HttpResponse:
    """A SIREN and why. The answer is the same whoever administers it, or nobody."""
    statut = 200
    initial = {"siren": lire_recherche(request.GET.get("siren", ""), 20)}
    form = DemandeHabilitationForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            actes.demander_habilitation(
                acteur=espace, siren=form.cleaned_data["siren"], motif=form.cleaned_data["motif"]
            )
        except RegleMetier as regle:
            form.refuser(regle)
            statut = regle.statut
        else:
            messages.success(
                request,
                "Votre demande est envoyée à qui administre cette entreprise, s’il y a quelqu’un. Sans réponse dans les "
                "trente jours, elle s’éteint.",
            )
            return redirect("demandes_habilitation")
    return render(
        request,
        "habilitations/demander_habilitation.html",
        {"formulaire": form, "simplifie": espace.mode != Espace.Mode.EXPERT},
        status=statut,
    )


@espace_requis
@require_POST
def annuler(request: HttpRequest, espace: Espace, cle: UUID) -> HttpResponse:
    """Take back one's own request."""
    demande = get_object_or_404(DemandeHabilitation, demandeur=espace, pk=cle)
    try:
        actes.annuler_demande_habilitation(acteur=espace, demande=demande)
    except RegleMetier as regle:
        messages.error(request, str(regle))
    else:
        messages.success(request, "Votre demande d’habilitation est annulée.")
    return redirect("demandes_habilitation")


@reauthentification_requise
@espace_requis
@pages_gardees
@require_http_methods(["GET", "POST"])
def accepter(request: HttpRequest, espace: Espace, cle: UUID) -> HttpResponse:
    """Type the number that the person has told, choose services and role, read what that gives and what is refused, confirm.

    « Retour » keeps what was chosen.
    """
    demande = get_object_or_404(demandes_a_repondre(espace), pk=cle)
    tenues = a_accorder(espace, demande.siren)
    form = AccepterForm(request.POST if request.method == "POST" else None)
    delegant = any(h.role in roles_pour(DELEGUER_ACTEUR_DELEGANT) for h in tenues)
    form.proposer([(str(h.adhesion_id), h.service.libelle) for h in tenues], delegant=delegant)
    if request.method != "POST" or not form.is_valid() or "retour" in request.POST:
        return _choisir(request, demande, form, tenues)
    voulues = set(form.cleaned_data["services"])
    choisies = [h for h in tenues if str(h.adhesion_id) in voulues]
    saisi = form.cleaned_data
    choix = Choix(espace, demande, saisi["numero"], choisies, saisi["role"], saisi["expire_le"])
    try:
        if CHAMP not in request.POST:
            actes.verifier_numero_du_demandeur(acteur=espace, demande=demande, numero=choix.numero)
        elif est_ce_qui_a_ete_montre(request.POST, choix.apercu(examen := choix.examiner())):
            return _accepter(request, choix, examen)
        else:
            messages.error(request, CHANGE)
    except RegleMetier as regle:
        if regle.code in form.regles or CHAMP not in request.POST:
            form.refuser(regle)
            return _choisir(request, demande, form, tenues)
        messages.error(request, str(regle))
    return _relire(request, choix)


@dataclass(frozen=True)
class Choix:
    """What the administrator typed and chose, as the page that shows it again carries it."""

    espace: Espace
    demande: DemandeHabilitation
    numero: str
    choisies: list[Habilitation]
    role: str
    expire_le: date | None

    def examiner(self) -> Examen:
        return examiner(
            acteur=self.espace,
            adhesions=[h.adhesion for h in self.choisies],
            beneficiaire=self.demande.demandeur,
            role=self.role,
            expire_le=self.expire_le,
        )

    def apercu(self, examen: Examen) -> str:
        """Return the print of all that the page shows: what is granted, until when, and what is refused and why."""
        return empreinte(
            str(self.demande.pk),
            self.numero,
            self.role,
            self.expire_le,
            [h.adhesion_id for h in self.choisies],
            _cles(examen),
            examen.bornee_le,
            [(ligne.service.code, str(ligne.regle)) for ligne in examen.refusees],
        )


def _cles(examen: Examen) -> list[int]:
    return [adhesion.pk for adhesion, _ in examen.accordables]


def _choisir(
    request: HttpRequest, demande: DemandeHabilitation, form: AccepterForm, tenues: list[Habilitation]
) -> HttpResponse:
    return render(
        request, "habilitations/demande_accepter.html", {"demande": demande, "formulaire": form, "tenues": tenues}
    )


def _relire(request: HttpRequest, choix: Choix) -> HttpResponse:
    examen = choix.examiner()
    return render(
        request,
        "habilitations/demande_relire.html",
        {
            "demande": choix.demande,
            "numero": choix.numero,
            "numero_lisible": grouper_numero(normaliser_numero(choix.numero)),
            "choisies": choix.choisies,
            "role": choix.role,
            "role_lisible": Role(choix.role).label,
            "expire_le": choix.expire_le,
            "examen": examen,
            "refus": par_raison(examen.refusees),
            "apercu": choix.apercu(examen),
        },
    )


def _accepter(request: HttpRequest, choix: Choix, examen: Examen) -> HttpResponse:
    """Do what the page showed, and nothing else. Raises: as the act."""
    demande, choisies, role = choix.demande, choix.choisies, choix.role
    acceptation = actes.accepter_demande_habilitation(
        acteur=choix.espace,
        demande=demande,
        numero=choix.numero,
        adhesions=[h.adhesion for h in choisies],
        role=role,
        expire_le=choix.expire_le,
        montrees=_cles(examen),
    )
    faites = {habilitation.adhesion_id for habilitation in acceptation.accordees}
    accordees = [h for h in choisies if h.adhesion_id in faites]
    dites = "".join(f" Refusé : {ligne.service.libelle} ({ligne.regle})." for ligne in acceptation.refusees)
    messages.success(
        request,
        f"{demande.demandeur.nom_complet} est désormais {Role(role).label} de {dire_quoi(accordees)}."
        f"{dites} Un courriel vous est envoyé à tous les deux.",
    )
    return redirect("demandes_habilitation")


@reauthentification_requise
@espace_requis
@require_http_methods(["GET", "POST"])
def refuser(request: HttpRequest, espace: Espace, cle: UUID) -> HttpResponse:
    """Refuse a request, saying why."""
    demande = get_object_or_404(demandes_a_repondre(espace), pk=cle)
    form = RefusForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            actes.refuser_demande_habilitation(acteur=espace, demande=demande, reponse=form.cleaned_data["motif"])
        except RegleMetier as regle:
            form.refuser(regle)
        else:
            messages.success(request, "La demande est refusée, la personne en est prévenue.")
            return redirect("demandes_habilitation")
    return render(
        request,
        "habilitations/demande_refuser.html",
        {"demande": demande, "formulaire": form, "fin": demande.deposee_le + actes.EXTINCTION},
    )
