"""What a session may do: idle limit, espace required, renewal."""

import time
from collections.abc import Callable

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

DERNIERE_ACTIVITE = "derniere_activite"
OUVERTE = "ouverte_a"


class SessionMiddleware:
    """Ends a session idle for 30 minutes, or older than 10 hours (design.md §8). Runs after authentication."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            maintenant = int(time.time())
            session = request.session
            ouverte = session.get(OUVERTE, maintenant)
            derniere = session.get(DERNIERE_ACTIVITE, maintenant)
            trop_vieille = maintenant - ouverte > settings.SESSION_COOKIE_AGE
            if trop_vieille or maintenant - derniere > settings.SESSION_INACTIVITE.total_seconds():
                logout(request)
                messages.info(request, "Votre session a pris fin. Connectez-vous de nouveau pour continuer.")
                return redirect(f"{settings.LOGIN_URL}")
            session.setdefault(OUVERTE, maintenant)
            if maintenant - session.get(DERNIERE_ACTIVITE, 0) >= 60:
                session[DERNIERE_ACTIVITE] = maintenant
        return self.get_response(request)
