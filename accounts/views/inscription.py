"""Pages of the creation of an espace expert: form, link sent, confirmation, récapitulatif."""

import uuid
from contextlib import suppress

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ..compteurs.double_envoi import FENETRE_DU_DOUBLE_ENVOI
from ..envois.liens import LienDejaUtilise, delai, lire_lien
from ..espace import inscription as actes
from ..espace.recapitulatif import remettre_recapitulatif, reponse_disponible, retenir_reponse
from ..forms import InscriptionExpertForm, MotDePasseActuelForm
from ..forms.champs import secrets_proposes
from ..models import Espace, Lien, TraceLecture
from ..portes.acces import visiteur_requis
from ..portes.inscription import noter_adresse, noter_mot_de_passe, ouvrir_si_prouve
from ..portes.lien import lien_du_titulaire, refuser_a_un_autre
from ..saisies.regles import RegleMetier
from ..traces.acteurs import Visiteur
from ..traces.lecture import lire
from ..traces.requete import adresse_ip

EN_COURS = "inscription_en_cours"
CONFIRMEE = "inscription_confirmee"
DE_CE_NAVIGATEUR = "inscription_de_ce_navigateur"  # in either mode, that it waits for
PROUVEE = "messagerie_prouvee"  # the address, and until when (a link's life)
ADRESSE = "inscription_adresse"
NUL = uuid.UUID(int=0)  # the id of nobody


@login_not_required
@visiteur_requis
@require_GET
def choisir(request: HttpRequest) -> HttpResponse:
    """Which kind of espace to create, and what to have at hand."""
    return render(request, "accounts/inscription_choix.html")


@login_not_required
@visiteur_requis
@sensitive_post_parameters("mot_de_passe", "reponse_confiance")
@require_http_methods(["GET", "POST"])
def expert(request: HttpRequest) -> HttpResponse:
    """The form of the espace expert."""
    form = InscriptionExpertForm(
        request.POST or None, initial=secrets_proposes("question_confiance", "reponse_confiance")
    )
    statut = 200
    if request.method == "POST" and form.is_valid():
        donnees = {c: v for c, v in form.cleaned_data.items() if c != "cgu"}
        try:
            espace = actes.inscrire_expert(acteur=visiteur(request), inscription=actes.Inscription(**donnees))
        except RegleMetier as regle:
            form.refuser(regle)
            statut = regle.statut
        else:
            request.session.cycle_key()
            request.session[ADRESSE] = donnees["email"]
            request.session.pop(PROUVEE, None)
            request.session.pop(EN_COURS, None)
            if espace is not None:
                request.session[EN_COURS] = request.session[DE_CE_NAVIGATEUR] = str(espace.pk)
                noter_mot_de_passe(request.session, espace)
                retenir_reponse(request.session, espace, donnees["reponse_confiance"])
            return redirect("inscription_envoyee")
    return render(request, "accounts/inscription_expert.html", {"formulaire": form}, status=statut)


def visiteur(request: HttpRequest) -> Visiteur:
    """Return who fills the form of an inscription: their network, what this browser waits for, the mailbox that it has proved."""
    adresse, jusqu_a = request.session.get(PROUVEE, ("", 0))
    return Visiteur(
        adresse_ip=adresse_ip(request),
        inscription=request.session.get(DE_CE_NAVIGATEUR, ""),
        prouvee=adresse if timezone.now().timestamp() < jusqu_a else "",
    )


def refuser(request: HttpRequest, jeton: str, objet: Lien.Objet, *, a_la_personne: bool = True) -> HttpResponse:
    """« Ce n'est pas moi »: ask once more, then erase the inscription, and let this browser make its own for the same mailbox; in
    the name of a company (not `a_la_personne`), erase it and no more. Raises: RegleMetier."""
    if request.POST.get("effacer") != "oui":
        inscrit = lire_lien(jeton, objet=objet).espace
        return render(
            request, "accounts/inscription_effacer.html", {"inscrit": inscrit, "a_la_personne": a_la_personne}
        )
    adresse = actes.refuser_inscription(acteur=Visiteur(jeton=jeton), objet=objet)
    request.session.cycle_key()
    if not a_la_personne:
        messages.success(
            request, "La demande est effacée : aucun courrier ne part. La personne qui l’a faite est prévenue."
        )
        return redirect("accueil")
    request.session[PROUVEE] = (adresse, (timezone.now() + delai(objet)).timestamp())
    messages.success(request, "L’inscription est effacée. Vous pouvez créer votre espace avec cette adresse.")
    return redirect("inscription")


@login_not_required
@visiteur_requis
@require_GET
def envoyee(request: HttpRequest) -> HttpResponse:
    """A link was sent: the same page whether the address has an espace already or not."""
    if ADRESSE not in request.session:
        return redirect("inscription")
    if _confirmee_ailleurs(request):
        return redirect("inscription_confirmee")
    return _page_envoyee(request)


def _confirmee_ailleurs(request: HttpRequest) -> bool:
    """Whether another device has opened the espace that this session waits for: its récapitulatif is here (R5)."""
    espace = Espace.objects.actifs().filter(pk=request.session.get(EN_COURS, NUL)).first()
    if espace is None:
        return False
    request.session[CONFIRMEE] = str(espace.pk)
    return True


def _page_envoyee(request: HttpRequest, statut: int = 200) -> HttpResponse:
    return render(request, "accounts/inscription_envoyee.html", {"adresse": request.session[ADRESSE]}, status=statut)


@login_not_required
@visiteur_requis
@require_POST
def renvoyer(request: HttpRequest) -> HttpResponse:
    """Send the link again, to the session that asked for it. The answer does not say whether anything left."""
    if ADRESSE not in request.session:
        return redirect("inscription")
    try:
        actes.redemander_confirmation(
            acteur=Visiteur(adresse_ip=adresse_ip(request)),
            inscription=request.session.get(EN_COURS),
            adresse=request.session[ADRESSE],
        )
    except RegleMetier as regle:
        messages.error(request, str(regle))
        return _page_envoyee(request, regle.statut)
    messages.success(
        request,
        "Le courriel repart si le dernier date de plus de deux minutes. Son lien est le même.",
    )
    return redirect("inscription_envoyee")


@login_not_required
@lien_du_titulaire
@sensitive_post_parameters("mot_de_passe")
@require_http_methods(["GET", "POST"])
def confirmer(request: HttpRequest, jeton: str) -> HttpResponse:
    """The link of the mail: GET shows a button, and asks the password in another browser than the form's; POST consumes,
    and signs in the browser that has just proved the password too.

    A second press of the button leads where the first one did.
    """
    try:
        lien = lire_lien(jeton, objet=Lien.Objet.CONFIRMATION_EXPERT)
    except RegleMetier as regle:
        if request.method == "POST" and isinstance(regle, LienDejaUtilise) and _vient_de_servir_ici(request, regle):
            return redirect("inscription_confirmee")
        return render(request, "accounts/lien_refuse.html", {"regle": regle}, status=410)
    acteur = Visiteur(jeton=jeton, inscription=request.session.get(EN_COURS, ""))
    requis = actes.mot_de_passe_requis(lien, acteur)
    form = MotDePasseActuelForm(request.POST if request.method == "POST" else None)
    if "effacer" in request.POST:
        return _effacer(request, jeton)
    if request.method == "POST" and (form.is_valid() or not requis):
        try:
            with suppress(LienDejaUtilise):  # pressed twice at once, by the same person: the espace is open
                actes.confirmer_adresse(acteur=acteur, mot_de_passe=form.cleaned_data.get("mot_de_passe", ""))
                if requis:
                    noter_mot_de_passe(request.session, lien.espace)
                noter_adresse(request.session, lien.espace)
        except actes.MotDePasseAutre as regle:
            form.refuser(regle)
        except RegleMetier as regle:
            return render(request, "accounts/lien_refuse.html", {"regle": regle}, status=410)
        else:
            request.session.pop(EN_COURS, None)
            request.session[CONFIRMEE] = str(lien.espace_id)
            ouvrir_si_prouve(request, lien.espace)
            return redirect("inscription_confirmee")
    return render(
        request,
        "accounts/inscription_confirmer.html",
        {"lien": lien, "formulaire": form if requis else None, "adresse": lien.adresse},
    )


def _effacer(request: HttpRequest, jeton: str) -> HttpResponse:
    try:
        return refuser(request, jeton, Lien.Objet.CONFIRMATION_EXPERT)
    except RegleMetier as regle:
        return render(request, "accounts/lien_refuse.html", {"regle": regle}, status=410)


def _vient_de_servir_ici(request: HttpRequest, regle: LienDejaUtilise) -> bool:
    """Whether this browser has used the link: its session says so, or the first press is about to write it there."""
    lien = regle.utilise_depuis(timezone.now() - FENETRE_DU_DOUBLE_ENVOI)
    if lien is not None and request.session.get(EN_COURS) == str(lien.espace_id):
        request.session[CONFIRMEE] = str(lien.espace_id)
    return CONFIRMEE in request.session


def _espace_confirme(request: HttpRequest) -> Espace:
    """Return the espace that this session has just confirmed. Raises Http404."""
    espace = Espace.objects.select_related("compte").filter(pk=request.session.get(CONFIRMEE, NUL)).first()
    if espace is None:
        raise Http404
    return espace


@login_not_required
@require_GET
def confirmee(request: HttpRequest) -> HttpResponse:
    """The espace is open: its number, its récapitulatif, and what to do next."""
    espace = _espace_confirme(request)
    refus = refuser_a_un_autre(request, espace)
    if refus is not None:
        return refus
    return render(
        request,
        "accounts/inscription_confirmee.html",
        {"nouvel_espace": espace, "avec_reponse": reponse_disponible(request.session, espace)},
    )


@login_not_required
@require_POST
def recapitulatif(request: HttpRequest) -> HttpResponse:
    """The PDF, with the trust answer the first time; a POST, since it uses up the answer."""
    espace = _espace_confirme(request)
    refus = refuser_a_un_autre(request, espace)
    if refus is not None:
        return refus
    return reponse_pdf(request, remettre_recapitulatif(acteur=espace, session=request.session), espace)


def reponse_pdf(request: HttpRequest, pdf: bytes, espace: Espace) -> HttpResponse:
    """Return the récapitulatif as a download that no cache keeps, and leave a trace of who took it."""
    lire(request, TraceLecture.Nature.CONSULTATION, "accounts.recapitulatif", cle=espace.numero_abonne)
    reponse = HttpResponse(pdf, content_type="application/pdf")
    reponse["Content-Disposition"] = f'attachment; filename="recapitulatif-{espace.numero_abonne}.pdf"'
    reponse["Cache-Control"] = "no-store"
    return reponse
