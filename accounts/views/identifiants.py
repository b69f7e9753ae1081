"""« Gérer votre adresse électronique de connexion / votre mot de passe » (CGU §3.1.c, §3.2.e), and the question."""

from typing import Any, Final

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ..compteurs import double_envoi
from ..envois.liens import LienDejaUtilise, lire_lien
from ..espace import changement_adresse as adresses
from ..espace.recapitulatif import (
    remettre_recapitulatif,
    reponse_changee_a_l_instant,
    reponse_disponible,
    retenir_reponse,
)
from ..forms.champs import secrets_proposes
from ..forms.identifiants import ChangerAdresseForm, ChangerMotDePasseForm, ChangerQuestionForm
from ..models import Compte, Espace, Lien
from ..mots_de_passe.confiance import changer_reponse
from ..mots_de_passe.politique import changer_mot_de_passe, conseil_du, echeance, mots_personnels, renouvellement_du
from ..portes.acces import adresse_du_portail, espace_present_requis, espace_requis
from ..portes.lien import lien_du_titulaire
from ..portes.reauthentification import mot_de_passe_prouve
from ..saisies.regles import RegleMetier
from ..traces.acteurs import Visiteur
from ..traces.requete import compte_de
from .inscription import reponse_pdf

CHANGE: Final = "Votre mot de passe est changé. Vos autres sessions sont fermées."
ADRESSE_ABANDONNEE: Final = " Le changement d’adresse qui attendait sa confirmation est abandonné : demandez-le de nouveau si vous le voulez encore."


def _prouve(request: HttpRequest, form: Any) -> bool:
    """Check the current password typed in this form; say so on its field when it is wrong."""
    if mot_de_passe_prouve(request, form.cleaned_data["actuel"]):
        return True
    form.add_error("actuel", "Ce mot de passe n’est pas reconnu.")
    return False


def _compte(espace: Espace) -> Compte:
    return Compte.objects.get(espace=espace)


@espace_requis
@require_GET
def identifiants(request: HttpRequest, espace: Espace) -> HttpResponse:
    """What signs in, how old it is, and the pages that change it."""
    compte = _compte(espace)
    return render(
        request,
        "accounts/identifiants.html",
        {
            "adresse": compte.email,
            "rejetee_le": compte.adresse_rejetee_le,
            "en_attente": adresses.changement_en_attente(espace),
            "change_le": compte.mot_de_passe_change_le,
            "echeance": echeance(compte.mot_de_passe_change_le),
            "conseil": conseil_du(compte),
            "question": espace.get_question_confiance_display(),
            "reponse_changee_le": espace.reponse_changee_le,
        },
    )


@espace_requis
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def mot_de_passe(request: HttpRequest, espace: Espace) -> HttpResponse:
    """The current password and a new one."""
    return _changer_mot_de_passe(request, espace, "accounts/changer_mot_de_passe.html", "identifiants")


@espace_requis
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def renouveler(request: HttpRequest, espace: Espace) -> HttpResponse:
    """The only page open when the password must be renewed (CGU §3.2.c; accounts/portes/middleware.py)."""
    if not renouvellement_du(_compte(espace)):
        return redirect("espace")
    return _changer_mot_de_passe(request, espace, "accounts/renouveler_mot_de_passe.html", "espace")


def _changer_mot_de_passe(request: HttpRequest, espace: Espace, gabarit: str, suite: str) -> HttpResponse:
    form = ChangerMotDePasseForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and _prouve(request, form):
        compte = compte_de(request)
        try:
            abandonne = changer_mot_de_passe(
                acteur=compte, nouveau=form.cleaned_data["nouveau"], garder=request.session.session_key
            )
        except RegleMetier as regle:
            form.refuser(regle)
        else:
            compte.refresh_from_db()
            update_session_auth_hash(request, compte)
            messages.success(request, CHANGE + (ADRESSE_ABANDONNEE if abandonne else ""))
            return redirect(suite)
    return render(request, gabarit, {"formulaire": form, "mots": mots_personnels(espace)})


@espace_requis
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def adresse(request: HttpRequest, espace: Espace) -> HttpResponse:
    """The new login address, and the password."""
    form = ChangerAdresseForm(request.POST or None)
    statut = 200
    if request.method == "POST" and form.is_valid() and _prouve(request, form):
        try:
            visee = adresses.demander_changement(acteur=espace, nouvelle=form.cleaned_data["adresse"])
        except RegleMetier as regle:
            form.refuser(regle)
            statut = regle.statut
        else:
            messages.success(
                request,
                f"Un courriel part à l’adresse {visee} : ouvrez son lien dans les 24 heures. "
                "D’ici là, votre adresse ne change pas.",
            )
            return redirect("identifiants")
    contexte = {"formulaire": form, "adresse": _compte(espace).email}
    return render(request, "accounts/changer_adresse.html", contexte, status=statut)


@espace_requis
@require_POST
def abandonner_adresse(request: HttpRequest, espace: Espace) -> HttpResponse:
    """Give up the change of address that waits."""
    if adresses.abandonner_changement(acteur=espace):
        messages.success(request, "Le changement d’adresse est abandonné. Votre adresse reste la même.")
    return redirect("identifiants")


@espace_requis
@require_POST
def adresse_verifiee(request: HttpRequest, espace: Espace) -> HttpResponse:
    """The holder says that the mailbox works again."""
    adresses.lever_rejet(acteur=espace)
    messages.success(request, "C’est noté : votre adresse de connexion ne change pas.")
    return redirect("identifiants")


@login_not_required
@lien_du_titulaire
@require_http_methods(["GET", "POST"])
def confirmer_adresse(request: HttpRequest, jeton: str) -> HttpResponse:
    """The link sent to the new address: GET shows a button, POST consumes. A second press leads where the first did."""
    try:
        lien = lire_lien(jeton, objet=Lien.Objet.CHANGEMENT_ADRESSE)
        adresses.exiger_annulable(lien)
        if request.method == "POST":
            adresses.confirmer_changement(acteur=Visiteur(jeton=jeton))
            return _adresse_confirmee(request, lien)
    except LienDejaUtilise as regle:
        utilise = regle.utilise_depuis(timezone.now() - double_envoi.FENETRE_DU_DOUBLE_ENVOI)
        if request.method == "POST" and utilise is not None and _compte(utilise.espace).email == utilise.adresse:
            return _adresse_confirmee(request, utilise)
        return render(request, "accounts/lien_refuse.html", {"regle": regle}, status=410)
    except RegleMetier as regle:
        return render(request, "accounts/lien_refuse.html", {"regle": regle}, status=410)
    return render(request, "accounts/adresse_confirmer.html", {"adresse": lien.adresse})


def _adresse_confirmee(request: HttpRequest, lien: Lien) -> HttpResponse:
    double_envoi.annoncer_une_fois(request, f"Votre adresse de connexion est désormais {lien.adresse}.")
    return redirect("identifiants" if request.user.is_authenticated else "connexion")


@login_not_required
@lien_du_titulaire
@require_http_methods(["GET", "POST"])
def annuler_adresse(request: HttpRequest, jeton: str) -> HttpResponse:
    """The link sent to the former address: GET says what it does, POST undoes the change."""
    try:
        lien = lire_lien(jeton, objet=Lien.Objet.ANNULATION_ADRESSE)
        adresses.exiger_annulable(lien)
        if request.method == "POST":
            adresses.annuler_changement(acteur=Visiteur(jeton=jeton))
            messages.success(
                request,
                f"Le changement est annulé : {lien.adresse} est votre identifiant. Votre ancien mot de passe ne sert plus : "
                "demandez ici le lien pour en choisir un autre.",
            )
            return redirect("mot_de_passe_oublie")
    except RegleMetier as regle:
        return render(request, "accounts/lien_refuse.html", {"regle": regle}, status=410)
    return render(request, "accounts/adresse_annuler.html", {"adresse": lien.adresse})


@espace_requis
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def question(request: HttpRequest, espace: Espace) -> HttpResponse:
    """Another question de confiance, another answer, and the password."""
    return _changer_question(request, espace, "accounts/changer_question.html")


@espace_present_requis
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def choisir_question(request: HttpRequest, espace: Espace) -> HttpResponse:
    """The first page after a sign-in when the answer was never shown: another is chosen (R5; accounts/portes/reponse.py)."""
    if not espace.reponse_a_montrer:
        return redirect("espace")
    return _changer_question(request, espace, "accounts/choisir_question.html")


def _changer_question(request: HttpRequest, espace: Espace, gabarit: str) -> HttpResponse:
    form = ChangerQuestionForm(request.POST or None, initial=secrets_proposes("question", "reponse"))
    if request.method == "POST" and form.is_valid() and _prouve(request, form):
        donnees = form.cleaned_data
        try:
            espace = changer_reponse(
                acteur=espace,
                question=donnees["question"],
                reponse=donnees["reponse"],
                mot_de_passe=donnees["actuel"],
                garder=request.session.session_key,
            )
        except RegleMetier as regle:
            form.refuser(regle)
        else:
            retenir_reponse(request.session, espace, donnees["reponse"])
            return redirect("question_changee")
    return render(request, gabarit, {"formulaire": form})


@espace_present_requis
@require_http_methods(["GET", "POST"])
def question_changee(request: HttpRequest, espace: Espace) -> HttpResponse:
    """The récapitulatif of a new answer, or of a new espace: GET offers it, POST downloads it, with the answer once (R5)."""
    if request.method == "POST":
        return reponse_pdf(request, remettre_recapitulatif(acteur=espace, session=request.session), espace)
    suite = adresse_du_portail(request.GET.get("suite", ""))
    return render(
        request,
        "accounts/question_changee.html",
        {
            "avec_reponse": reponse_disponible(request.session, espace),
            # After the inscription, an activation, a sign-in, or long after a change: nothing has just been changed.
            "offert": bool(suite) or not reponse_changee_a_l_instant(espace),
            "suite": suite,
        },
    )
