"""Sensitive acts ask the password again when its last proof is ten minutes old (design.md §8, ASVS V7.5.3)."""

import re
import time
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import authenticate
from django.http import HttpRequest, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters

from ..forms.reauthentification import ConfirmationForm
from ..models import Compte
from ..mots_de_passe.politique import durcissement_a_venir, politique_depassee
from ..saisies.dates import jour
from ..traces.requete import compte_de
from .marques import MARQUES

PROUVE_LE = "prouve_le"
# What the page that asks the password never carries over: it must be typed again, all the rest comes back.
SECRETS = re.compile(r"mot_de_passe|reponse|(^|-)(actuel|nouveau|code)$")


def noter_preuve(request: HttpRequest) -> None:
    """Note that the password was proved in this session just now."""
    request.session[PROUVE_LE] = time.time()


def noter_connexion(sender: Any, request: HttpRequest, user: Compte, **_: Any) -> None:
    """Signing in proves the password; a mail that was returned is told there (signal user_logged_in)."""
    noter_preuve(request)
    if user.adresse_rejetee_le is not None:
        messages.warning(
            request,
            "Un courriel envoyé à votre adresse de connexion nous a été retourné. Vérifiez cette adresse, ou "
            "remplacez-la : « Gérer les services », puis « Gérer votre adresse électronique de connexion / votre "
            "mot de passe ».",
            fail_silently=True,
        )
    a_venir = durcissement_a_venir(user)
    if a_venir is not None and a_venir.impose_le is not None and not politique_depassee(user):
        messages.warning(
            request,
            f"À partir du {jour(a_venir.impose_le)}, votre mot de passe ne suffira plus : il faudra {a_venir.exigence.longueur} "
            f"caractères au moins et le niveau « {a_venir.exigence.niveau.libelle} ». Changez-le dès maintenant si vous le "
            "pouvez ; sinon, vous en choisirez un autre à votre première connexion à partir de cette date.",
            fail_silently=True,
        )


def preuve_recente(request: HttpRequest) -> bool:
    """Whether the password was proved in this session within settings.REAUTHENTIFICATION."""
    age = time.time() - request.session.get(PROUVE_LE, 0)
    return bool(0 <= age <= settings.REAUTHENTIFICATION.total_seconds())


def mot_de_passe_prouve(request: HttpRequest, mot_de_passe: str) -> bool:
    """Check the password of whoever is signed in as a sign-in does (same counters, same lock-out); note the proof.

    The account of the request then holds the password that was proved, which the acts compare under their locks (`exiger_prouve`).
    """
    compte = compte_de(request)
    prouve = authenticate(request, username=compte.email, password=mot_de_passe)
    if not isinstance(prouve, Compte) or prouve != compte:
        return False
    compte.password = prouve.password
    noter_preuve(request)
    return True


def _gardes(post: QueryDict) -> list[tuple[str, str]]:
    """Return what was typed, field by field, without the secrets and what belongs to the asking page."""
    propres = {"csrfmiddlewaretoken", "estampille", ConfirmationForm.CHAMP} | MARQUES
    return [
        (nom, valeur)
        for nom, valeurs in post.lists()
        if nom not in propres and not SECRETS.search(nom)
        for valeur in valeurs
    ]


def reauthentification_requise[**P](
    vue: Callable[Concatenate[HttpRequest, P], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """Ask the password before this view when its last proof is too old.

    A GET is sent to a page that asks and comes back. A POST is asked in place: the page carries what was typed (less
    the secrets) and posts it to the same address with the password, so that nothing has to be filled in twice. Put it
    above `espace_requis`; the view must be used by somebody signed in.
    """

    @wraps(vue)
    @sensitive_post_parameters()
    def gardee(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if preuve_recente(request):
            return vue(request, *args, **kwargs)
        if request.method != "POST":
            return redirect(reverse("confirmer_identite", query={"suite": request.get_full_path()}))
        demande = ConfirmationForm.CHAMP in request.POST
        form = ConfirmationForm(request.POST if demande else None)
        if demande and form.is_valid():
            if mot_de_passe_prouve(request, form.cleaned_data[ConfirmationForm.CHAMP]):
                return vue(request, *args, **kwargs)
            form.add_error(ConfirmationForm.CHAMP, "Ce mot de passe n’est pas reconnu.")
        return render(
            request,
            "accounts/confirmer_identite.html",
            {"formulaire": form, "gardes": _gardes(request.POST), "fichiers": bool(request.FILES), "suite": ""},
        )

    return gardee
