"""« Sécurité de votre espace »: sessions, sign-ins, second factors, recent acts (issue 3, item 5)."""

import uuid
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_otp import login as prouver_second_facteur

from ..facteurs import codes_montres, securite
from ..facteurs.cles_acces import configuration
from ..facteurs.second_facteur import (
    PreuveRequise,
    appareil_en_attente,
    commencer_enrolement,
    confirmer_enrolement,
    facteur_prouve,
    renouveler_codes_secours,
)
from ..forms.securite import CodeForm
from ..models import Espace
from ..mots_de_passe.politique import CompteModifie
from ..portes.acces import espace_requis
from ..portes.reauthentification import reauthentification_requise
from ..saisies.regles import RegleMetier
from ..sessions import ouvertures
from ..sessions.navigateurs import navigateur_connu, oublier_navigateurs
from ..traces.requete import compte_de


@espace_requis
@require_GET
def page(request: HttpRequest, espace: Espace) -> HttpResponse:
    """What protects the espace, on one page."""
    compte = compte_de(request)
    lecture = securite.lire_securite(espace, compte)
    cle = request.session.session_key
    connu = navigateur_connu(request, compte)
    return render(
        request,
        "accounts/securite.html",
        {
            "sessions": [(session, ouvertures.est_courante(session, cle)) for session in lecture.sessions],
            "autres": len(lecture.sessions) > 1,
            "navigateurs": [(navigateur, navigateur == connu) for navigateur in lecture.navigateurs],
            "facteurs": lecture.facteurs,
            "connexions": lecture.connexions,
            "actes": lecture.actes,
        },
    )


@espace_requis
@require_GET
def connexions(request: HttpRequest, espace: Espace) -> HttpResponse:
    """The sign-ins of the last 90 days."""
    compte = compte_de(request)
    pages = Paginator(securite.connexions(compte), 25)
    page = pages.get_page(request.GET.get("page", "1"))
    verifications = securite.verifications(compte) if page.number == 1 else []
    signaux = securite.signaux(compte) if page.number == 1 else []
    contexte = {"page": page, "verifications": verifications, "signaux": signaux}
    return render(request, "accounts/connexions.html", contexte)


@espace_requis
@require_POST
def fermer_session(request: HttpRequest, espace: Espace, numero: uuid.UUID) -> HttpResponse:
    """Close one session."""
    compte = compte_de(request)
    try:
        ouvertures.fermer_session(acteur=compte, numero=numero)
        messages.success(request, "La session est fermée.")
    except ouvertures.SessionInconnue as regle:
        messages.info(request, str(regle))
    return redirect("securite")


@espace_requis
@require_POST
def fermer_autres_sessions(request: HttpRequest, espace: Espace) -> HttpResponse:
    """Close every session but this one."""
    compte = compte_de(request)
    nombre = ouvertures.fermer_toutes(acteur=compte, sauf=request.session.session_key)
    messages.success(request, f"Autres sessions fermées : {nombre}.")
    return redirect("securite")


@espace_requis
@require_POST
def oublier(request: HttpRequest, espace: Espace) -> HttpResponse:
    """Forget the browsers that the account knows."""
    compte = compte_de(request)
    oublier_navigateurs(acteur=compte)
    messages.success(request, "Aucun navigateur n’est plus mémorisé.")
    return redirect("securite")


@reauthentification_requise
@espace_requis
@require_http_methods(["GET", "POST"])
def application(request: HttpRequest, espace: Espace) -> HttpResponse:
    """What an application is; POST draws a seed."""
    compte = compte_de(request)
    if request.method == "POST":
        try:
            commencer_enrolement(acteur=compte)
        except CompteModifie as regle:
            messages.error(request, str(regle))
            return redirect("securite")
        return redirect("application_code")
    return render(request, "accounts/application.html", {"facteurs": securite.facteurs(compte)})


@reauthentification_requise
@sensitive_post_parameters()
@espace_requis
@require_http_methods(["GET", "POST"])
def application_code(request: HttpRequest, espace: Espace) -> HttpResponse:
    """The QR code, and a first code of the application that proves that it has it."""
    compte = compte_de(request)
    appareil = appareil_en_attente(compte)
    if appareil is None:
        return redirect("application")
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            confirme, codes = confirmer_enrolement(
                acteur=compte,
                code=form.cleaned_data["code"],
                remplacer=facteur_prouve(request) is not None,
                garder=request.session.session_key,
            )
        except RegleMetier as regle:
            form.refuser(regle)
        else:
            prouver_second_facteur(request, confirme)
            return _montrer_codes(request, codes, "Votre application d’authentification est enregistrée.")
    return render(
        request,
        "accounts/application_code.html",
        {"formulaire": form, "graine": codes_montres.montrer_graine(appareil)},
    )


@reauthentification_requise
@espace_requis
@require_http_methods(["GET", "POST"])
def retirer_application(request: HttpRequest, espace: Espace) -> HttpResponse:
    """Remove the application."""
    compte = compte_de(request)
    if request.method == "POST":
        return _retirer(request, lambda: securite.retirer_application(acteur=compte, garder=_cle(request)))
    return render(request, "accounts/retirer_facteur.html", {"quoi": "votre application d’authentification"})


@reauthentification_requise
@espace_requis
@require_GET
def cle_acces(request: HttpRequest, espace: Espace) -> HttpResponse:
    """Register a passkey: the ceremony is the browser's."""
    compte = compte_de(request)
    return render(
        request,
        "accounts/cle_acces.html",
        {
            "facteurs": securite.facteurs(compte),
            "configuration": configuration(request, "cle_acces_debut", "cle_acces_fin"),
        },
    )


@espace_requis
@require_GET
def cle_acces_enregistree(request: HttpRequest, espace: Espace) -> HttpResponse:
    """Where the browser goes after the ceremony: the recovery codes if some were drawn, else back to the page."""
    return redirect("codes_secours" if codes_montres.codes_a_montrer(request) else "securite")


@reauthentification_requise
@espace_requis
@require_http_methods(["GET", "POST"])
def retirer_cle(request: HttpRequest, espace: Espace, cle: int) -> HttpResponse:
    """Remove one passkey."""
    compte = compte_de(request)
    if request.method == "POST":
        return _retirer(request, lambda: securite.retirer_cle(acteur=compte, cle=cle, garder=_cle(request)))
    return render(request, "accounts/retirer_facteur.html", {"quoi": "cette clé d’accès"})


@reauthentification_requise
@espace_requis
@require_POST
def renouveler_codes(request: HttpRequest, espace: Espace) -> HttpResponse:
    """Ten new recovery codes, for a session that has proved the second factor."""
    compte = compte_de(request)
    try:
        codes = renouveler_codes_secours(
            acteur=compte, preuve=facteur_prouve(request), garder=request.session.session_key
        )
    except (PreuveRequise, CompteModifie) as regle:
        messages.error(request, str(regle))
        return redirect("securite")
    return _montrer_codes(request, codes, "Vos anciens codes de secours ne valent plus rien.")


@espace_requis
@require_http_methods(["GET", "POST"])
def codes_secours(request: HttpRequest, espace: Espace) -> HttpResponse:
    """The recovery codes, once."""
    codes = codes_montres.codes_a_montrer(request)
    if request.method == "POST" or not codes:
        if request.method == "POST":
            codes_montres.oublier_codes(request)
        return redirect("securite")
    return render(request, "accounts/codes_secours.html", {"codes": codes})


@espace_requis
@require_GET
def codes_secours_texte(request: HttpRequest, espace: Espace) -> HttpResponse:
    """The same codes as a text file."""
    codes = codes_montres.codes_a_montrer(request)
    if not codes:
        return redirect("securite")
    return codes_montres.fichier_codes(codes, "Codes de secours – Espace professionnel")


def _montrer_codes(request: HttpRequest, codes: list[str], message: str) -> HttpResponse:
    request.session.cycle_key()
    codes_montres.garder_codes(request, codes)
    messages.success(request, f"{message} Vos autres sessions sont fermées.")
    return redirect("codes_secours")


def _cle(request: HttpRequest) -> str:
    return request.session.session_key or ""


def _retirer(request: HttpRequest, acte: Any) -> HttpResponse:
    try:
        acte()
        request.session.cycle_key()
        messages.success(request, "Le second facteur est retiré. Vos autres sessions sont fermées.")
    except (securite.FacteurInconnu, CompteModifie) as regle:
        messages.info(request, str(regle))
    return redirect("securite")
