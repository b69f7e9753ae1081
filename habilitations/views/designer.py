"""Designating in three pages without JavaScript: the services, the person, the confirmation.

What is chosen stays in the session from page to page and from filter to filter; every write is a POST.
"""

from collections.abc import Sequence
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
from accounts.saisies.apercu import CHANGE, empreinte, est_ce_qui_a_ete_montre
from accounts.saisies.dates import jour_en_lettres
from accounts.saisies.identifiants import pour_chercher
from accounts.saisies.porte import lire_recherche
from accounts.saisies.regles import RegleMetier

from ..arbre.lots import par_raison
from ..droits.roles import DELEGUER_ACTEUR_DELEGANT, roles_pour
from ..forms import BeneficiaireForm, DelegataireForm, jour_de
from ..lectures.partage import (
    Filtres,
    partageables,
    personnes_a_partager,
    retenues,
    services_du_filtre,
)
from ..models import Habilitation, Role
from ..partage.beneficiaires import collaborateurs, trouver_beneficiaire
from ..partage.delegations import deleguer
from ..partage.designations import examiner
from ..partage.suppleances import designer_suppleant
from .sujets import SUPPLEANTS, Sujet, dire_quoi, grouper


def _cle(sujet: Sujet) -> str:
    return f"designation_{sujet.code}"


def _brouillon(request: HttpRequest, sujet: Sujet) -> dict[str, Any]:
    """Return what was chosen so far: `adhesions` (keys), then `beneficiaires` (one key), `role`, `expire_le`.

    `entreprise` is the SIREN of the company whose page it was begun from: one goes back there.
    """
    return {"adhesions": [], **request.session.get(_cle(sujet), {})}


def _entiers(valeurs: list[str]) -> set[int]:
    return {int(valeur) for valeur in valeurs if valeur.isascii() and valeur.isdigit() and len(valeur) < 19}


def _nouvelle_selection(request: HttpRequest, espace: Espace, sujet: Sujet, filtres: Filtres) -> list[int]:
    """Return the keys chosen after this POST: those of other pages, and what is ticked on this one."""
    deja = set(_brouillon(request, sujet)["adhesions"])
    if "rien" in request.POST:
        return []
    miennes = partageables(espace, sujet.permission)
    montrees = _entiers(request.POST.get("montrees", "").split(","))
    voulues = (deja - montrees) | _entiers(request.POST.getlist("adhesions"))
    if "tout" in request.POST:
        voulues |= set(filtres.appliquer(miennes, espace=espace, noms=False).values_list("adhesion_id", flat=True))
    return sorted(voulues.intersection(miennes.values_list("adhesion_id", flat=True)))


def preparer(request: HttpRequest, sujet: Sujet, adhesions: list[int]) -> None:
    """Begin a designation with these adhésions chosen, as the assistant of the perimeter does."""
    request.session[_cle(sujet)] = {"adhesions": sorted(adhesions)}


def _commencer(request: HttpRequest, espace: Espace, sujet: Sujet) -> HttpResponse:
    """Forget what another designation had chosen, and begin this one (`?nouveau=1`, `&entreprise=SIREN` from its page).

    With `&service=CODE` too, that one service is chosen already: the person comes next.
    """
    preparer(request, sujet, [])
    siren = pour_chercher(lire_recherche(request.GET.get("entreprise", ""), 20))
    if not siren or not partageables(espace, sujet.permission).filter(personne__siren=siren).exists():
        return redirect(sujet.url("designer"))
    request.session[_cle(sujet)]["entreprise"] = siren
    code = lire_recherche(request.GET.get("service", ""), 20)
    siennes = partageables(espace, sujet.permission).filter(personne__siren=siren, service__code=code)
    if adhesions := list(siennes.values_list("adhesion_id", flat=True)) if code else []:
        request.session[_cle(sujet)]["adhesions"] = adhesions
        return redirect(sujet.url("personne"))
    return redirect(reverse(sujet.url("designer"), query={"q": siren}))


def _depart(sujet: Sujet, brouillon: dict[str, Any]) -> str:
    """Return the address of the page that one came from: the company's, or the list."""
    siren = brouillon.get("entreprise")
    return reverse("entreprise_acces", args=[siren]) if siren else reverse(sujet.url())


@espace_requis
@require_http_methods(["GET", "POST"])
def choisir(request: HttpRequest, espace: Espace, sujet: Sujet) -> HttpResponse:
    """Step 1: tick the services, SIREN by SIREN; filters and pages keep what is ticked."""
    if espace.mode != Espace.Mode.EXPERT:
        return redirect(sujet.url())
    if "nouveau" in request.GET:
        return _commencer(request, espace, sujet)
    filtres = Filtres.depuis(request.POST if request.method == "POST" else request.GET)
    if request.method == "POST":
        brouillon = _brouillon(request, sujet)
        brouillon["adhesions"] = _nouvelle_selection(request, espace, sujet, filtres)
        request.session[_cle(sujet)] = brouillon
        if "continuer" in request.POST and brouillon["adhesions"]:
            return redirect(sujet.url("personne"))
        if "continuer" in request.POST:
            messages.error(request, "Choisissez au moins un service.")
        requete = {"q": filtres.q, "service": filtres.service, "page": request.POST.get("vers", "")}
        return redirect(reverse(sujet.url("designer"), query={cle: v for cle, v in requete.items() if v}))
    miennes = filtres.appliquer(partageables(espace, sujet.permission), espace=espace, noms=False)
    page, personnes, nombre = personnes_a_partager(miennes, request.GET.get("page", "1"))
    brouillon = _brouillon(request, sujet)
    deja = retenues(espace, sujet.permission, brouillon["adhesions"]) if brouillon["adhesions"] else []
    return render(
        request,
        "habilitations/partage_choisir.html",
        {
            "sujet": sujet,
            "page": page,
            "personnes": personnes,
            "filtres": filtres,
            "services": services_du_filtre(partageables(espace, sujet.permission)),
            "choisies": {str(habilitation.adhesion_id) for habilitation in deja},
            "groupes_choisis": grouper(deja),
            "montrees": ",".join(cle for lue in personnes for cle, _ in lue.services),
            "nombre_filtre": nombre,
            "url_liste": sujet.url(),
            "depart": _depart(sujet, brouillon),
        },
    )


def _beneficiaire(brouillon: dict[str, Any]) -> Espace | None:
    """Return the person found at step 2, if there is one and the espace is still active."""
    return Espace.objects.actifs().filter(pk__in=brouillon.get("beneficiaires", [])).first()


def _deja_saisi(brouillon: dict[str, Any]) -> dict[str, Any]:
    """Return what step 2 shows again to who comes back to it."""
    beneficiaire = _beneficiaire(brouillon)
    if beneficiaire is None:
        return {}
    return {
        "numero": beneficiaire.numero_lisible,
        "nom": beneficiaire.nom_complet,
        "role": brouillon["role"],
        "expire_le": jour_de(brouillon["expire_le"]),
    }


def _form_personne(
    espace: Espace, sujet: Sujet, roles: list[str], donnees: Any, deja_saisi: dict[str, Any]
) -> BeneficiaireForm:
    if sujet is SUPPLEANTS:
        return BeneficiaireForm(donnees, initial=deja_saisi, acteur=espace)
    form = DelegataireForm(donnees, initial=deja_saisi, acteur=espace)
    if not roles_pour(DELEGUER_ACTEUR_DELEGANT).intersection(roles):
        form.proposer_acteur_seul()
    return form


@espace_requis
@pages_gardees
@require_http_methods(["GET", "POST"])
def personne(request: HttpRequest, espace: Espace, sujet: Sujet) -> HttpResponse:
    """Step 2: the person, by numéro d'abonné and name; for a délégation, its role and its last day."""
    brouillon = _brouillon(request, sujet)
    choisies = retenues(espace, sujet.permission, brouillon["adhesions"])
    roles = [habilitation.role for habilitation in choisies]
    if not roles or espace.mode != Espace.Mode.EXPERT:
        return redirect(sujet.url("designer"))
    donnees = request.POST if request.method == "POST" else None
    connus = {connu.numero_abonne: connu for connu in collaborateurs(espace)}
    choisi = connus.get(request.GET.get("collaborateur", ""))
    deja_saisi = _deja_saisi(brouillon)
    if choisi is not None:
        deja_saisi |= {"numero": choisi.numero_lisible, "nom": choisi.nom_complet}
    form = _form_personne(espace, sujet, roles, donnees, deja_saisi)
    if request.method == "POST" and form.is_valid():
        try:
            beneficiaire = trouver_beneficiaire(
                acteur=espace, numero=form.cleaned_data["numero"], nom=form.cleaned_data["nom"]
            )
        except RegleMetier as regle:
            form.refuser(regle)
        else:
            expire_le = form.cleaned_data.get("expire_le")
            request.session[_cle(sujet)] = {
                **brouillon,
                "beneficiaires": [str(beneficiaire.pk)],
                "role": form.cleaned_data.get("role", Role.SUPPLEANT),
                "expire_le": expire_le.isoformat() if expire_le else "",
            }
            return redirect(sujet.url("confirmer"))
    return render(
        request,
        "habilitations/partage_personne.html",
        {
            "sujet": sujet,
            "formulaire": form,
            "nombre": len(roles),
            "collaborateurs": connus.values(),
            "choisi": choisi,
            "groupes_choisis": grouper(choisies),
            "url_liste": sujet.url(),
            "url_retour": sujet.url("designer"),
        },
    )


@reauthentification_requise
@espace_requis
@require_http_methods(["GET", "POST"])
def confirmer(request: HttpRequest, espace: Espace, sujet: Sujet) -> HttpResponse:
    """Step 3: all that is about to be granted, what is refused and why; then it is done, all or nothing."""
    brouillon = _brouillon(request, sujet)
    beneficiaire = _beneficiaire(brouillon)
    miennes = retenues(espace, sujet.permission, brouillon["adhesions"])
    if beneficiaire is None or not miennes:
        return redirect(sujet.url("designer"))
    role, expire_le = brouillon["role"], jour_de(brouillon["expire_le"])
    adhesions = [h.adhesion for h in miennes]
    examen = examiner(
        acteur=espace,
        adhesions=adhesions,
        beneficiaire=beneficiaire,
        role=role,
        expire_le=expire_le,
        miennes={h.adhesion_id: h for h in miennes},
    )
    if request.method == "POST" and "ecarter" in request.POST:
        brouillon["adhesions"] = [adhesion.pk for adhesion, _ in examen.accordables]
        request.session[_cle(sujet)] = brouillon
        return redirect(sujet.url("confirmer") if brouillon["adhesions"] else sujet.url("designer"))
    apercu = empreinte([adhesion.pk for adhesion in adhesions], beneficiaire.pk, role, expire_le)
    if request.method == "POST":
        if not est_ce_qui_a_ete_montre(request.POST, apercu):
            messages.error(request, CHANGE)
            return redirect(sujet.url("confirmer"))
        try:
            if role == Role.SUPPLEANT:
                accordees = designer_suppleant(acteur=espace, adhesions=adhesions, beneficiaire=beneficiaire)
            else:
                accordees = deleguer(
                    acteur=espace, adhesions=adhesions, beneficiaire=beneficiaire, role=role, expire_le=expire_le
                )
        except RegleMetier as regle:
            messages.error(request, str(regle))
            return redirect(sujet.url("confirmer"))
        request.session.pop(_cle(sujet), None)
        messages.success(
            request,
            f"{beneficiaire.nom_complet} est désormais {Role(role).label} de {dire_quoi(miennes)}{_jusqu_a(accordees)}. "
            "Un courriel vous est envoyé à tous les deux.",
        )
        return redirect(_depart(sujet, brouillon))
    return render(
        request,
        "habilitations/partage_confirmer.html",
        {
            "sujet": sujet,
            "apercu": apercu,
            "beneficiaire": beneficiaire,
            "role": Role(role).label,
            "expire_le": expire_le,
            "groupes": grouper(miennes),
            "nombre": len(miennes),
            "examen": examen,
            "refus": par_raison(examen.refusees),
            "bornee_le": examen.bornee_le,
            "url_liste": sujet.url(),
            "url_designer": sujet.url("designer"),
            "url_personne": sujet.url("personne"),
        },
    )


def _jusqu_a(accordees: Sequence[Habilitation]) -> str:
    """Return the last day of what was granted, as a message ends with it, when it is the same for all."""
    fins = {habilitation.expire_le for habilitation in accordees}
    fin = fins.pop() if len(fins) == 1 else None
    return f", jusqu’au {jour_en_lettres(fin)}" if fin else ""
