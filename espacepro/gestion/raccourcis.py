"""Keyboard shortcuts of the desk, which an agent can switch off: then nothing listens (WCAG 2.1.4; issue 14, item 8)."""

from datetime import timedelta
from typing import Any, Final

from django.conf import settings
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

TEMOIN: Final = "raccourcis"
NON: Final = "non"
DUREE_DU_CHOIX: Final = timedelta(days=365)
TOUCHES: Final = (
    ("/", "aller à la recherche"),
    ("j", "ligne suivante d’un tableau"),
    ("k", "ligne précédente"),
    ("p", "prendre l’affaire de la ligne, ou celle de la page"),
)


@require_http_methods(["GET", "POST"])
def raccourcis(request: HttpRequest) -> HttpResponse:
    """Show the keys; a POST switches them on or off in this browser, for a year."""
    actifs = request.COOKIES.get(TEMOIN) != NON
    if request.method == "POST":
        actifs = request.POST.get("actifs") == "oui"
        messages.success(
            request,
            "Les raccourcis à une touche sont actifs." if actifs else "Les raccourcis à une touche sont désactivés.",
        )
        reponse = redirect("admin:raccourcis")
        reponse.set_cookie(
            TEMOIN,
            "oui" if actifs else NON,
            max_age=DUREE_DU_CHOIX,
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )
        return reponse
    contexte: dict[str, Any] = {
        **admin.site.each_context(request),
        "title": "Raccourcis clavier",
        "touches": TOUCHES,
        "actifs": actifs,
    }
    return render(request, "gestion/raccourcis.html", contexte)
