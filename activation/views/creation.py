"""Pages of the creation simplifiée: the company, the form, the links, what comes next."""

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.compteurs.double_envoi import FENETRE_DU_DOUBLE_ENVOI
from accounts.envois.liens import LienDejaUtilise, lire_lien
from accounts.espace.inscription import Inscription, MotDePasseAutre, mot_de_passe_requis
from accounts.espace.recapitulatif import reponse_disponible, retenir_reponse
from accounts.forms import MotDePasseActuelForm
from accounts.forms.champs import secrets_proposes
from accounts.models import Espace, Lien
from accounts.portes.acces import visiteur_requis
from accounts.portes.inscription import noter_adresse, noter_mot_de_passe, ouvrir_si_prouve
from accounts.portes.lien import lien_du_titulaire, refuser_a_un_autre
from accounts.saisies.regles import RegleMetier
from accounts.traces.acteurs import Visiteur
from accounts.traces.requete import adresse_ip
from accounts.views.inscription import CONFIRMEE, DE_CE_NAVIGATEUR, PROUVEE, refuser, visiteur
from services.adresses.envoi import adresse_du_courrier
from services.models import PersonneSirenisee

from ..demandes import creation_simplifiee as actes
from ..demandes.consultations import tracer_visiteur
from ..demandes.lectures import dire_inconnue
from ..forms import InscriptionSimplifieeForm, SirenForm
from ..models import CreationSimplifiee

EN_COURS = "creation_en_cours"
SIREN = "creation_siren"
FINIE = "creation_confirmee"
ACTES = {
    Lien.Objet.CONFIRMATION_ENTREPRISE: actes.confirmer_entreprise,
    Lien.Objet.CONFIRMATION_CONNEXION: actes.confirmer_connexion,
}


@login_not_required
@visiteur_requis
@sensitive_post_parameters("mot_de_passe", "reponse_confiance")
@require_http_methods(["GET", "POST"])
def simplifiee(request: HttpRequest) -> HttpResponse:
    """First the company, then the form, whose address carries the SIREN so that nothing is lost.

    What we know of a SIREN is told to a POST alone, so many times for a network (a GET counts nothing); the session
    remembers the one that it was told.
    """
    if "siren" not in request.GET:
        return _choisir_entreprise(request)
    recherche = SirenForm(request.GET)
    verifie = recherche.is_valid() and request.session.get(SIREN) == recherche.cleaned_data["siren"]
    if not verifie and request.method != "POST":
        return render(request, "activation/simplifiee_siren.html", {"formulaire": recherche, "regle": None})
    personne, regle = _verifier(request, recherche)
    if personne is None:
        return _page_entreprise(request, recherche, regle)
    form = InscriptionSimplifieeForm(
        request.POST or None, initial=secrets_proposes("question_confiance", "reponse_confiance")
    )
    statut = 200
    if request.method == "POST" and form.is_valid():
        try:
            _inscrire(request, form, personne)
        except RegleMetier as refus:
            form.refuser(refus)
            statut = refus.statut
        else:
            return redirect("inscription_simplifiee_envoyee")
    return render(
        request,
        "activation/simplifiee.html",
        {"formulaire": form, "personne": personne, "mots": [personne.denomination]},
        status=statut,
    )


def _choisir_entreprise(request: HttpRequest) -> HttpResponse:
    """The first step: a SIREN, which leads to the second one when an espace simplifié may be created for it."""
    recherche = SirenForm(request.POST or None)
    if request.method != "POST":
        return _page_entreprise(request, recherche)
    personne, regle = _verifier(request, recherche)
    if personne is None:
        return _page_entreprise(request, recherche, regle)
    return redirect(reverse("inscription_simplifiee", query={"siren": personne.siren}))


def _page_entreprise(request: HttpRequest, form: SirenForm, regle: RegleMetier | None = None) -> HttpResponse:
    statut = 200 if regle is None else regle.statut
    return render(request, "activation/simplifiee_siren.html", {"formulaire": form, "regle": regle}, status=statut)


def _verifier(request: HttpRequest, form: SirenForm) -> tuple[PersonneSirenisee | None, RegleMetier | None]:
    """Return the personne of this SIREN when it may have an espace simplifié; else the rule that says no, or the form does.

    Counts one look-up of the network, unless this session has just been told of this SIREN.
    """
    if not form.is_valid():
        return None, None
    siren = form.cleaned_data["siren"]
    connu = request.session.get(SIREN) == siren
    tracer_visiteur(request, siren)
    try:
        personne = actes.consulter_siren(acteur=Visiteur(adresse_ip=adresse_ip(request)), siren=siren, deja_dit=connu)
    except RegleMetier as regle:
        return None, regle
    if personne is None:
        dire_inconnue(form)
    elif not connu:
        request.session[SIREN] = siren
    return personne, None


def _inscrire(request: HttpRequest, form: InscriptionSimplifieeForm, personne: PersonneSirenisee) -> None:
    """Call the act, and remember in a fresh session who waits for which mails. Raises: RegleMetier."""
    donnees = {c: v for c, v in form.cleaned_data.items() if c not in {"cgu", "courriel_entreprise", "qualite"}}
    courriel = form.cleaned_data["courriel_entreprise"]
    espace = actes.inscrire_simplifie(
        inscription=Inscription(
            **donnees, siren_appartenance=personne.siren, organisation=(personne.denomination, courriel)
        ),
        personne=personne,
        courriel=courriel,
        qualite=form.cleaned_data["qualite"],
        acteur=visiteur(request),
    )
    request.session.cycle_key()
    request.session.pop(PROUVEE, None)
    request.session[EN_COURS] = {
        "espace": str(espace.pk) if espace else None,
        "adresses": list(dict.fromkeys([donnees["email"], courriel])),  # in the order in which they are written to
        "siren": personne.siren,
    }
    if espace is not None:
        request.session[DE_CE_NAVIGATEUR] = str(espace.pk)
        noter_mot_de_passe(request.session, espace)
        retenir_reponse(request.session, espace, donnees["reponse_confiance"])


@login_not_required
@visiteur_requis
@require_GET
def envoyee(request: HttpRequest) -> HttpResponse:
    """Links were sent: the same page whether the login address has an espace already or not."""
    if EN_COURS not in request.session:
        return redirect("inscription")
    creation = _confirmee_ailleurs(request)
    if creation is not None:
        _retenir(request, creation, a_lui=True)
        return redirect("inscription_simplifiee_confirmee")
    return _page_envoyee(request)


def _confirmee_ailleurs(request: HttpRequest) -> CreationSimplifiee | None:
    """Return the creation that this session waits for when both addresses have answered: its récapitulatif is here (R5)."""
    return (
        CreationSimplifiee.objects.select_related("personne")
        .filter(espace=request.session[EN_COURS]["espace"])
        .exclude(espace__etat=Espace.Etat.EN_ATTENTE_COURRIEL)
        .first()
    )


def _page_envoyee(request: HttpRequest, statut: int = 200) -> HttpResponse:
    attente = request.session[EN_COURS]
    contexte = {"adresses": attente["adresses"], "siren": attente["siren"]}
    return render(request, "activation/simplifiee_envoyee.html", contexte, status=statut)


@login_not_required
@visiteur_requis
@require_POST
def renvoyer(request: HttpRequest) -> HttpResponse:
    """Send the links again, to the session that asked for them. The answer does not say whether anything left."""
    if EN_COURS not in request.session:
        return redirect("inscription")
    try:
        actes.redemander_liens(
            acteur=Visiteur(adresse_ip=adresse_ip(request)),
            inscription=request.session[EN_COURS]["espace"],
            adresses=request.session[EN_COURS]["adresses"],
        )
    except RegleMetier as regle:
        messages.error(request, str(regle))
        return _page_envoyee(request, regle.statut)
    messages.success(
        request,
        "Un nouveau courriel part à l’adresse qui n’a pas encore répondu. Attendez deux minutes avant d’en demander un "
        "autre.",
    )
    return redirect("inscription_simplifiee_envoyee")


@login_not_required
@lien_du_titulaire
@sensitive_post_parameters("mot_de_passe")
@require_http_methods(["GET", "POST"])
def confirmer_entreprise(request: HttpRequest, jeton: str) -> HttpResponse:
    """The link sent to the company: GET shows a button, POST consumes."""
    return _confirmer(request, jeton, Lien.Objet.CONFIRMATION_ENTREPRISE)


@login_not_required
@lien_du_titulaire
@sensitive_post_parameters("mot_de_passe")
@require_http_methods(["GET", "POST"])
def confirmer_connexion(request: HttpRequest, jeton: str) -> HttpResponse:
    """The link sent to the login address."""
    return _confirmer(request, jeton, Lien.Objet.CONFIRMATION_CONNEXION)


def _retenir(request: HttpRequest, creation: CreationSimplifiee, *, a_lui: bool) -> None:
    """Keep in the session what the next page tells; `a_lui` says that the espace is this person's own."""
    request.session[FINIE] = {
        "espace": str(creation.espace_id) if a_lui else None,
        "complete": creation.complete,
        "denomination": creation.personne.denomination,
    }
    if a_lui:
        request.session[CONFIRMEE] = str(creation.espace_id)


def _vient_de_servir_ici(request: HttpRequest, regle: LienDejaUtilise) -> bool:
    """Whether this browser has used the link: its session says so, or the first press is about to write it there."""
    lien = regle.utilise_depuis(timezone.now() - FENETRE_DU_DOUBLE_ENVOI)
    if lien is not None and request.session.get(EN_COURS, {}).get("espace") == str(lien.espace_id):
        creation = CreationSimplifiee.objects.select_related("personne").get(espace=lien.espace)
        _retenir(request, creation, a_lui=True)
    return FINIE in request.session


def _confirmer(request: HttpRequest, jeton: str, objet: Lien.Objet) -> HttpResponse:
    """Show what the link confirms, and ask the password where it is required; then confirm it.

    A second press of the button leads where the first one did.
    """
    try:
        lien = lire_lien(jeton, objet=objet)
        creation = CreationSimplifiee.objects.select_related("personne").get(espace=lien.espace)
        compte = lien.espace.compte
        acteur = Visiteur(jeton=jeton, inscription=request.session.get(EN_COURS, {}).get("espace") or "")
        personnel = compte is not None and compte.email == lien.adresse
        requis = mot_de_passe_requis(lien, acteur)
        form = MotDePasseActuelForm(request.POST if request.method == "POST" else None)
        if "effacer" in request.POST:
            return refuser(request, jeton, objet, a_la_personne=personnel)
        if request.method == "POST" and (form.is_valid() or not requis):
            try:
                creation = ACTES[objet](acteur=acteur, mot_de_passe=form.cleaned_data.get("mot_de_passe", ""))
                if requis:
                    noter_mot_de_passe(request.session, lien.espace)
                if personnel:
                    noter_adresse(request.session, lien.espace)
            except LienDejaUtilise:  # pressed twice at once, by the same person
                creation.refresh_from_db()
            _retenir(request, creation, a_lui=personnel or acteur.inscription == str(lien.espace_id))
            ouvrir_si_prouve(request, lien.espace)
            return redirect("inscription_simplifiee_confirmee")
    except MotDePasseAutre as regle:
        form.refuser(regle)
    except RegleMetier as regle:
        if request.method == "POST" and isinstance(regle, LienDejaUtilise) and _vient_de_servir_ici(request, regle):
            return redirect("inscription_simplifiee_confirmee")
        return render(request, "accounts/lien_refuse.html", {"regle": regle}, status=410)
    return render(
        request,
        "activation/simplifiee_confirmer.html",
        {
            "creation": creation,
            "demandeur": lien.espace,
            "adresse": lien.adresse,
            "personnel": personnel,
            "formulaire": form if requis else None,
            "envoi": adresse_du_courrier(creation.personne),
            "services": actes.bouquet(creation.personne),
            "derniere": actes.enverra_le_courrier(creation, objet, personnel=personnel),
        },
    )


@login_not_required
@require_GET
def confirmee(request: HttpRequest) -> HttpResponse:
    """One address is confirmed: what is still awaited, and the récapitulatif for whoever filled the form."""
    if FINIE not in request.session:
        return redirect("inscription")
    finie = request.session[FINIE]
    espace = Espace.objects.filter(pk=finie["espace"]).first() if finie["espace"] else None
    refus = refuser_a_un_autre(request, espace)
    if refus is not None:
        return refus
    return render(
        request,
        "activation/simplifiee_confirmee.html",
        {
            "complete": finie["complete"],
            "denomination": finie["denomination"],
            "nouvel_espace": espace,
            "avec_reponse": espace is not None and reponse_disponible(request.session, espace),
        },
    )
