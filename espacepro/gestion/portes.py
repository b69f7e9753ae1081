"""The steps of the agents' door: own password, device, code, recovery codes. `espacepro.gestion.site` says who sees which."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth import authenticate, update_session_auth_hash
from django.contrib.auth.views import RedirectURLMixin
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET
from django.views.generic import FormView, TemplateView
from django_otp import login as prouver_second_facteur

from accounts.facteurs.codes_montres import codes_a_montrer, fichier_codes, garder_codes, montrer_graine, oublier_codes
from accounts.facteurs.second_facteur import (
    appareil_confirme,
    appareil_en_attente,
    codes_restants,
    commencer_enrolement,
    confirmer_enrolement,
    renouveler_codes_secours,
    utiliser_code_secours,
    verifier_code,
)
from accounts.forms.securite import CodeForm, CodeSecoursForm
from accounts.gestion.agents import (
    agent_de,
    changer_mot_de_passe_agent,
    est_prouve,
    mot_de_passe_a_changer,
    mots_de_l_agent,
)
from accounts.models import Agent, Application, Compte
from accounts.saisies.regles import RegleMetier
from accounts.sessions.navigateurs import navigateur_connu
from accounts.traces.requete import compte_de
from accounts.views.connexion import Connexion

from .forms import ConnexionAgentForm, MotDePasseAgentForm, RemplacerAppareilForm


class ConnexionAgent(Connexion):
    """The password of an agent, at the agents' own door."""

    template_name = "gestion/connexion.html"
    authentication_form = ConnexionAgentForm
    redirect_authenticated_user = False  # the site leads who is signed in to the next step


class PageAgent(RedirectURLMixin, FormView):
    """One form of the door: one act, its refusals shown on the form, then on to where the agent was going."""

    next_page = "admin:index"
    titre = ""
    bouton = "Continuer"

    @method_decorator(sensitive_post_parameters())
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return super().dispatch(request, *args, **kwargs)

    @property
    def agent(self) -> Agent:
        """The agent signed in. Raises Http404 for anybody else: the site's door has let nobody else through."""
        agent = agent_de(self.request.user)
        if agent is None:
            raise Http404
        return agent

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        contexte = super().get_context_data(**kwargs)
        return {
            **contexte,
            "formulaire": contexte["form"],
            "titre": self.titre,
            "bouton": self.bouton,
            "suite": self.get_redirect_url(),
        }

    def form_valid(self, form: Any) -> HttpResponse:
        try:
            return self.agir(form)
        except RegleMetier as regle:
            form.refuser(regle)
            return self.form_invalid(form)

    def agir(self, form: Any) -> HttpResponse:
        """Do the act of this page and return where to go. Raises a RegleMetier to show."""
        raise NotImplementedError

    def vers(self, nom: str) -> HttpResponse:
        """Go to another step, without losing where the agent was going."""
        suite = self.get_redirect_url()
        return redirect(reverse(nom, query={"next": suite} if suite else None))

    def exiger_mot_de_passe(self, form: forms.Form) -> bool:
        """Check the current password as a sign-in does: the same counter of failures, the same lock-out."""
        compte = authenticate(self.request, username=self.agent.compte.email, password=form.cleaned_data["actuel"])
        if not isinstance(compte, Compte):
            form.add_error("actuel", "Ce mot de passe n’est pas reconnu.")
            return False
        compte_de(self.request).password = compte.password  # what was proved, which the acts compare under their locks
        return True

    def prouver(self, appareil: Application) -> None:
        """Mark the session as proved by this device, under a new session key."""
        prouver_second_facteur(self.request, appareil)
        self.request.session.cycle_key()

    def montrer_codes(self, codes: list[str]) -> HttpResponse:
        garder_codes(self.request, codes)
        return self.vers("admin:codes_secours")


class MotDePasse(PageAgent):
    """The agent's own password: at the first sign-in, every year, and when wished."""

    template_name = "gestion/mot_de_passe.html"
    form_class = MotDePasseAgentForm
    titre = "Choisir votre mot de passe"
    bouton = "Enregistrer le mot de passe"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        contexte = super().get_context_data(**kwargs)
        agent = self.agent
        return {**contexte, "mots": mots_de_l_agent(agent), "oblige": mot_de_passe_a_changer(agent.compte)}

    def agir(self, form: Any) -> HttpResponse:
        if not self.exiger_mot_de_passe(form):
            return self.form_invalid(form)
        changer_mot_de_passe_agent(
            acteur=self.agent,
            nouveau=form.cleaned_data["nouveau"],
            prouve=compte_de(self.request),
            garder=self.request.session.session_key,
        )
        update_session_auth_hash(self.request, Compte.objects.get(pk=self.agent.compte_id))
        messages.success(self.request, "Votre mot de passe est enregistré. Vos autres sessions sont fermées.")
        return HttpResponseRedirect(self.get_success_url())


class Enrolement(PageAgent):
    """What enrolling a device means; a new seed is drawn by POST, after the password when a device is replaced."""

    template_name = "gestion/enrolement.html"
    titre = "Enregistrer votre second facteur"
    bouton = "Afficher le code QR"

    @property
    def remplace(self) -> bool:
        return appareil_confirme(compte_de(self.request)) is not None

    def get_form_class(self) -> type[Any]:
        return RemplacerAppareilForm if self.remplace else forms.Form

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), "remplace": self.remplace}

    def agir(self, form: Any) -> HttpResponse:
        if self.remplace and not self.exiger_mot_de_passe(form):
            return self.form_invalid(form)
        commencer_enrolement(acteur=compte_de(self.request))
        return self.vers("admin:enrolement_code")


class EnrolementCode(PageAgent):
    """The QR code and the same secret in letters; a first code proves that the device has it."""

    template_name = "gestion/enrolement_code.html"
    form_class = CodeForm
    titre = "Relier votre application"
    bouton = "Vérifier le code"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if appareil_en_attente(compte_de(request)) is None:
            return self.vers("admin:enrolement")
        return super().get(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        appareil = appareil_en_attente(compte_de(self.request))
        contexte = super().get_context_data(**kwargs)
        if appareil is not None:
            contexte["graine"] = montrer_graine(appareil)
        return contexte

    def agir(self, form: Any) -> HttpResponse:
        compte = compte_de(self.request)
        appareil, codes = confirmer_enrolement(
            acteur=compte, code=form.cleaned_data["code"], remplacer=est_prouve(self.request)
        )
        self.prouver(appareil)
        messages.success(self.request, "Votre second facteur est enregistré.")
        return self.montrer_codes(codes)


class Verification(PageAgent):
    """The code of the device, at each sign-in."""

    template_name = "gestion/verification.html"
    form_class = CodeForm
    titre = "Vérifier votre identité"
    bouton = "Se connecter"

    def agir(self, form: Any) -> HttpResponse:
        compte = self.agent.compte
        connu = navigateur_connu(self.request, compte)
        self.prouver(verifier_code(acteur=compte, code=form.cleaned_data["code"], navigateur=connu))
        return HttpResponseRedirect(self.get_success_url())


class VerificationSecours(PageAgent):
    """A recovery code instead of the device's."""

    template_name = "gestion/verification_secours.html"
    form_class = CodeSecoursForm
    titre = "Utiliser un code de secours"
    bouton = "Se connecter"

    def agir(self, form: Any) -> HttpResponse:
        compte = self.agent.compte
        connu = navigateur_connu(self.request, compte)
        self.prouver(utiliser_code_secours(acteur=compte, code=form.cleaned_data["code"], navigateur=connu))
        reste = codes_restants(compte)
        messages.warning(self.request, f"Ce code de secours ne servira plus. Codes encore utilisables : {reste}.")
        return self.vers("admin:second_facteur")


class SecondFacteur(PageAgent):
    """The state of the second factor, and new recovery codes against a fresh code of the device."""

    template_name = "gestion/second_facteur.html"
    form_class = CodeForm
    titre = "Votre second facteur"
    bouton = "Créer dix nouveaux codes"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {
            **super().get_context_data(**kwargs),
            "appareil": appareil_confirme(compte_de(self.request)),
            "reste": codes_restants(compte_de(self.request)),
        }

    def agir(self, form: Any) -> HttpResponse:
        compte = self.agent.compte
        connu = navigateur_connu(self.request, compte)
        codes = renouveler_codes_secours(acteur=compte, preuve=form.cleaned_data["code"], navigateur=connu)
        return self.montrer_codes(codes)


class CodesSecours(TemplateView):
    """The recovery codes, for the ten minutes after they were drawn or until the agent says that they are kept."""

    template_name = "gestion/codes_secours.html"
    http_method_names = ["get", "post", "head", "options"]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        codes = codes_a_montrer(request)
        if not codes:
            return redirect("admin:second_facteur")
        suite = PageAgent(request=request).get_redirect_url()
        return self.render_to_response({"codes": codes, "suite": suite})

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        oublier_codes(request)
        return HttpResponseRedirect(PageAgent(request=request).get_success_url())


@require_GET
def codes_en_texte(request: HttpRequest) -> HttpResponse:
    """The same codes as a text file."""
    codes = codes_a_montrer(request)
    if not codes:
        return redirect("admin:second_facteur")
    return fichier_codes(codes, "Codes de secours – Gestion des espaces professionnels")
