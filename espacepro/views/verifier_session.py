"""The page of a session that must prove again whose it is: a code sent by e-mail, or the application (R15, CGU §3.6.a)."""

import secrets
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts.forms.securite import CodeForm
from accounts.models import Espace
from accounts.portes.acces import adresse_du_portail, espace_present_requis
from accounts.portes.facteur import a_une_application, prouver_par_application
from accounts.saisies.regles import RegleMetier
from accounts.sessions.navigateurs import navigateur_connu
from accounts.traces.requete import compte_de
from surveillance.models import Verification
from surveillance.verification import demandes
from surveillance.verification.codes import TEMOIN
from surveillance.verification.formulaires import CodeDeVerificationForm

APPLICATION = "application"  # what its button posts


@sensitive_post_parameters()
@espace_present_requis
@require_http_methods(["GET", "POST"])
def verifier(request: HttpRequest, espace: Espace) -> HttpResponse:
    """Say why, and take a code of the mail or of the application; a verified session goes on where it was going."""
    suite = adresse_du_portail(request.POST.get("suite", request.GET.get("suite", ""))) or reverse("espace")
    verification = demandes.verification_de(request.session)  # type: ignore[arg-type]  # our store
    if verification is None:
        return redirect(suite)
    par_application = APPLICATION in request.POST
    courriel = CodeDeVerificationForm(request.POST if request.method == "POST" and not par_application else None)
    application = CodeForm(request.POST if par_application else None, prefix=APPLICATION)
    form: Any = application if par_application else courriel
    if request.method == "POST" and form.is_valid():
        try:
            _prouver(request, verification.pk, form.cleaned_data["code"], par_application=par_application)
        except demandes.VerificationManquee as regle:
            logout(request)
            messages.error(request, str(regle))
            return redirect("connexion")
        except demandes.VerificationTerminee:
            return redirect(suite)
        except RegleMetier as regle:
            form.refuser(regle)
        else:
            demandes.accepter(request.session)  # type: ignore[arg-type]  # our store
            messages.success(request, "C’est vérifié : vous pouvez continuer.")
            return redirect(suite)
    return _page(request, verification, courriel, application, suite)


def _prouver(request: HttpRequest, cle: UUID, code: str, *, par_application: bool) -> None:
    compte = compte_de(request)
    session: Any = request.session
    if par_application:
        prouver_par_application(request, compte, code)
        demandes.verifier_par_second_facteur(acteur=compte, verification=cle, session=session)
        return
    demandes.verifier_par_courriel(
        acteur=compte, verification=cle, session=session, code=code, navigateur=request.COOKIES.get(TEMOIN, "")
    )


def _page(
    request: HttpRequest, verification: Verification, courriel: Any, application: Any, suite: str
) -> HttpResponse:
    compte = compte_de(request)
    adresse = demandes.destinataire_du_code(compte)
    return render(
        request,
        "espacepro/verifier_session.html",
        {
            "raison": verification.raison,
            "envoye": verification.envois > 0,
            "adresse": adresse,
            "ancienne": adresse != compte.email,
            "formulaire": courriel,
            "application": application if a_une_application(compte) else None,
            "suite": suite,
        },
    )


@espace_present_requis
@require_POST
def envoyer_code(request: HttpRequest, espace: Espace) -> HttpResponse:
    """Mail a code, and give this browser the secret that it will be good with."""
    suite = adresse_du_portail(request.POST.get("suite", ""))
    verification = demandes.verification_de(request.session)  # type: ignore[arg-type]  # our store
    if verification is None:
        return redirect(suite or "espace")
    secret = request.COOKIES.get(TEMOIN, "") or secrets.token_urlsafe(32)
    reponse = redirect(reverse("verifier_session", query={"suite": suite} if suite else None))
    try:
        demandes.envoyer_code(
            acteur=compte_de(request),
            verification=verification.pk,
            navigateur=secret,
            connu=navigateur_connu(request, compte_de(request)),
        )
    except RegleMetier as regle:
        messages.error(request, str(regle))
        return reponse
    messages.success(request, "Un code vous est envoyé par courriel.")
    reponse.set_cookie(
        TEMOIN,
        secret,
        max_age=settings.SESSION_COOKIE_AGE,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return reponse
