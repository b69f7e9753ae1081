"""Pages of signing in and out, and of the session."""

import time
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LoginView, LogoutView, RedirectURLMixin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST
from django.views.generic import FormView

from ..facteurs.cles_acces import configuration
from ..facteurs.second_facteur import codes_restants, utiliser_code_secours, verifier_code
from ..facteurs.securite import facteurs
from ..forms import ConnexionForm
from ..forms.securite import CodeForm, CodeSecoursForm
from ..models import Compte
from ..models.sessions_base import DERNIERE_ACTIVITE
from ..portes.connexion import compte_en_attente, conclure, mettre_en_attente, ouvrir
from ..saisies.regles import RegleMetier
from ..sessions.navigateurs import navigateur_connu


@method_decorator(login_not_required, name="dispatch")
class Connexion(LoginView):
    """Address and password; then the second factor of who has one. Agents are sent on to their own door."""

    template_name = "accounts/connexion.html"
    authentication_form = ConnexionForm
    redirect_authenticated_user = True

    def form_valid(self, form: Any) -> HttpResponse:
        """Open the session, or ask the second factor first: until then the session is nobody's."""
        compte = form.get_user()
        if compte.is_staff or not compte.a_un_second_facteur:
            try:
                ouvrir(acteur=compte, request=self.request)
            except RegleMetier as regle:
                form.add_error(None, str(regle))
                return self.form_invalid(form)
            return HttpResponseRedirect(self.get_success_url())
        mettre_en_attente(self.request, compte)
        suite = self.get_redirect_url()
        return redirect(reverse("connexion_verification", query={"next": suite} if suite else None))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        contexte = super().get_context_data(**kwargs)
        return {**contexte, "formulaire": contexte["form"]}

    def get_default_redirect_url(self) -> str:
        return reverse("admin:index" if self.request.user.is_staff else "espace")


class Deconnexion(LogoutView):
    """Ends the session. POST only."""

    http_method_names = ["post", "options"]


class EtapeSecondFacteur(RedirectURLMixin, FormView):
    """A page between the password and the session: a second factor is awaited, or the sign-in begins again."""

    next_page = "espace"

    @method_decorator(login_not_required)
    @method_decorator(sensitive_post_parameters())
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        compte = compte_en_attente(request)
        if compte is None:
            return redirect("connexion")
        self.compte = compte
        return super().dispatch(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        contexte = super().get_context_data(**kwargs)
        return {**contexte, "formulaire": contexte["form"], "suite": self.get_redirect_url()}

    def form_valid(self, form: Any) -> HttpResponse:
        try:
            appareil = self.prouver(self.compte, form.cleaned_data["code"])
            conclure(acteur=self.compte, request=self.request, appareil=appareil)
        except RegleMetier as regle:
            form.refuser(regle)
            return self.form_invalid(form)
        return HttpResponseRedirect(self.get_success_url())

    def prouver(self, compte: Compte, code: str) -> Any:
        """Return the device that the code proves. Raises a RegleMetier to show."""
        raise NotImplementedError


class Verification(EtapeSecondFacteur):
    """The code of the application, or a passkey."""

    template_name = "accounts/verification.html"
    form_class = CodeForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {
            **super().get_context_data(**kwargs),
            "facteurs": facteurs(self.compte),
            "configuration": configuration(self.request, "connexion_cle_debut", "connexion_cle_fin"),
        }

    def prouver(self, compte: Compte, code: str) -> Any:
        return verifier_code(acteur=compte, code=code, navigateur=navigateur_connu(self.request, compte))


class VerificationSecours(EtapeSecondFacteur):
    """A recovery code instead of the device."""

    template_name = "accounts/verification_secours.html"
    form_class = CodeSecoursForm

    def prouver(self, compte: Compte, code: str) -> Any:
        appareil = utiliser_code_secours(acteur=compte, code=code, navigateur=navigateur_connu(self.request, compte))
        reste = codes_restants(compte)
        messages.warning(self.request, f"Ce code de secours ne servira plus. Codes encore utilisables : {reste}.")
        return appareil


@require_POST
def prolonger(request: HttpRequest) -> HttpResponse:
    """Go on: called when the page warned that the session was about to end."""
    request.session[DERNIERE_ACTIVITE] = int(time.time())
    return HttpResponse(status=204)
