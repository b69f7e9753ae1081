"""The door by which another floor has a second factor proved within a session (surveillance/verification/)."""

from django.http import HttpRequest
from django_otp import login

from ..facteurs.second_facteur import appareil_confirme, verifier_code
from ..models import Compte
from ..sessions.navigateurs import navigateur_connu


def a_une_application(compte: Compte) -> bool:
    """Whether this account has an application that shows codes."""
    return appareil_confirme(compte) is not None


def prouver_par_application(request: HttpRequest, compte: Compte, code: str) -> None:
    """Check a code of the application, counted as at a sign-in, and note it in the session. Raises: TropDEssais, CodeRefuse, ApplicationIllisible."""
    login(request, verifier_code(acteur=compte, code=code, navigateur=navigateur_connu(request, compte)))
