"""Pages of the forgotten password: address, link sent, question, new password; and what remains when both are lost."""

from datetime import UTC, datetime

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods

from ..espace import oubli as actes
from ..espace.recapitulatif import retenir_reponse
from ..forms.champs import secrets_proposes
from ..forms.oubli import NouveauMotDePasseForm, NouveauxSecretsForm, OubliForm, ReponseForm
from ..models import Espace
from ..mots_de_passe.politique import mots_personnels
from ..portes.lien import lien_du_titulaire, refuser_a_un_autre
from ..saisies.regles import RegleMetier
from ..sessions.navigateurs import connu_de_l_adresse
from ..traces.acteurs import Visiteur
from ..traces.requete import adresse_ip

REPONDU = "oubli_repondu"


def _refus(request: HttpRequest, regle: RegleMetier) -> HttpResponse:
    return render(request, "accounts/oubli_refus.html", {"regle": regle, "code": regle.code}, status=410)


@login_not_required
@require_http_methods(["GET", "POST"])
def demander(request: HttpRequest) -> HttpResponse:
    """The address; the next page is the same whatever stands behind it."""
    form = OubliForm(request.POST or None)
    statut = 200
    if request.method == "POST" and form.is_valid():
        try:
            adresse = form.cleaned_data["adresse"]
            visiteur = Visiteur(adresse_ip=adresse_ip(request), connu=connu_de_l_adresse(request, adresse))
            actes.demander(acteur=visiteur, adresse=adresse)
        except RegleMetier as regle:
            form.refuser(regle)
            statut = regle.statut
        else:
            return redirect("mot_de_passe_oublie_envoye")
    return render(request, "accounts/oubli.html", {"formulaire": form}, status=statut)


@login_not_required
@require_GET
def envoye(request: HttpRequest) -> HttpResponse:
    """A mail is on its way if the address is that of an espace."""
    return render(request, "accounts/oubli_envoye.html")


@login_not_required
@require_GET
def sans_reponse(request: HttpRequest) -> HttpResponse:
    """Password and answer both lost: a new espace expert, then the substitution (CGU §3.2.g)."""
    return render(request, "accounts/oubli_sans_reponse.html")


@login_not_required
@lien_du_titulaire
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def repondre(request: HttpRequest, jeton: str) -> HttpResponse:
    """The link of the mail: GET shows the question and consumes nothing, POST tries an answer."""
    form = ReponseForm(request.POST or None)
    try:
        lien = actes.lire(jeton=jeton)
        if request.method == "POST" and form.is_valid():
            actes.repondre(acteur=Visiteur(jeton=jeton), reponse=form.cleaned_data["reponse"])
            request.session.cycle_key()
            request.session[REPONDU] = {"lien": str(lien.pk), "le": timezone.now().timestamp()}
            return redirect("choisir_mot_de_passe")
    except actes.ReponseInexacte as regle:
        form.refuser(regle)
    except RegleMetier as regle:
        return _refus(request, regle)
    return render(
        request,
        "accounts/oubli_question.html",
        {
            "formulaire": form,
            "question": lien.espace.get_question_confiance_display(),
            "remise": lien.espace.reponse_expire_le is not None,
        },
    )


@login_not_required
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def choisir(request: HttpRequest) -> HttpResponse:
    """The new password, for the session that gave the right answer."""
    repondu = request.session.get(REPONDU)
    if repondu is None:
        return redirect("mot_de_passe_oublie")
    lien, le = repondu["lien"], datetime.fromtimestamp(repondu["le"], UTC)
    try:
        choix = actes.lire_choix(lien=lien, repondu_le=le)
    except RegleMetier as regle:
        request.session.pop(REPONDU, None)
        return _refus(request, regle)
    refus = refuser_a_un_autre(request, choix.espace)
    if refus is not None:
        return refus
    form = _formulaire(request, choix.espace)
    if request.method == "POST" and form.is_valid():
        try:
            compte, temoin = actes.reinitialiser(
                acteur=Visiteur(lien=lien), request=request, repondu_le=le, **form.cleaned_data
            )
        except RegleMetier as regle:
            if regle.code not in form.regles:
                request.session.pop(REPONDU, None)
                return _refus(request, regle)
            form.refuser(regle)
        else:
            request.session.pop(REPONDU, None)
            reponse = _conclure(request, compte.espace, form.cleaned_data.get("reponse", ""))
            temoin.poser(reponse)
            return reponse
    return render(request, "accounts/oubli_nouveau.html", {"formulaire": form, "mots": mots_personnels(choix.espace)})


def _formulaire(request: HttpRequest, espace: Espace) -> NouveauMotDePasseForm:
    """Return the form of the new password, with a new question when an agent had handed the answer over."""
    if espace.reponse_expire_le is None:
        return NouveauMotDePasseForm(request.POST or None)
    return NouveauxSecretsForm(request.POST or None, initial=secrets_proposes("question", "reponse"))


def _conclure(request: HttpRequest, espace: Espace, reponse: str) -> HttpResponse:
    """Go and sign in; then, when an answer was chosen, to the récapitulatif that shows it once (R5)."""
    messages.success(request, "Votre mot de passe est changé. Connectez-vous avec le nouveau.")
    if not reponse:
        return redirect("connexion")
    retenir_reponse(request.session, espace, reponse)
    return redirect(reverse("connexion", query={"next": reverse("question_changee")}))
