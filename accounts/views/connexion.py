"""Pages of signing in and out, and of the session."""

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_POST

from ..forms import ConnexionForm
from ..middleware import DERNIERE_ACTIVITE


@method_decorator(login_not_required, name="dispatch")
class Connexion(LoginView):
    """Address and password; agents are sent on to their own door."""

    template_name = "accounts/connexion.html"
    authentication_form = ConnexionForm
    redirect_authenticated_user = True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        contexte = super().get_context_data(**kwargs)
        return {**contexte, "formulaire": contexte["form"]}

    def get_default_redirect_url(self) -> str:
        return reverse("admin:index" if self.request.user.is_staff else "espace")  # type: ignore[union-attr]


class Deconnexion(LogoutView):
    """Ends the session. POST only."""

    http_method_names = ["post", "options"]


@require_POST
def prolonger(request: HttpRequest) -> HttpResponse:
    """Go on: called when the page warned that the session was about to end."""
    request.session[DERNIERE_ACTIVITE] = 0
    return HttpResponse(status=204)
