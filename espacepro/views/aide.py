"""The help, public: its index with a search, a page per fiche; the plan of the site and what a security researcher reads."""

from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.saisies.porte import lire_recherche

from ..acces import MENU, MENU_PERSONNE
from ..aide.captures import CAPTURES
from ..aide.fiches import FICHES, GROUPES, chercher

VALIDITE = timedelta(days=180)
"""How long what `security.txt` says holds: less than a year (RFC 9116 §2.5.5)."""


@login_not_required
@require_GET
def aide(request: HttpRequest) -> HttpResponse:
    """The fiches by group, or those that answer a search; no query."""
    recherche = lire_recherche(request.GET.get("q", ""))
    return render(
        request,
        "aide/index.html",
        {
            "groupes": GROUPES.items(),
            "recherche": recherche,
            "trouvees": chercher(recherche) if recherche else [],
        },
    )


@login_not_required
@require_GET
def fiche(request: HttpRequest, slug: str) -> HttpResponse:
    """One fiche; no query."""
    lue = FICHES.get(slug)
    if lue is None:
        raise Http404
    voisines = [FICHES[voisine] for voisine in lue.voisines]
    return render(request, lue.gabarit, {"fiche": lue, "voisines": voisines, "capture": CAPTURES.get(slug)})


@login_not_required
@require_GET
def plan(request: HttpRequest) -> HttpResponse:
    """Every page that a visitor may open, and the ways into an espace; no query."""
    pages = {"menu": MENU, "personne": MENU_PERSONNE.items(), "groupes": GROUPES.items()}
    return render(request, "pages/plan.html", {"plan": pages})


@login_not_required
@require_GET
def mentions_legales(request: HttpRequest) -> HttpResponse:
    """Who publishes and hosts this portal, as its operator says; no query."""
    return render(
        request,
        "pages/mentions_legales.html",
        {
            "editeur": settings.EDITEUR,
            "directeur": settings.DIRECTEUR_PUBLICATION,
            "hebergeur": settings.HEBERGEUR,
            "contact": settings.CONTACT,
        },
    )


@login_not_required
@require_GET
def security_txt(request: HttpRequest, maintenant: datetime | None = None) -> HttpResponse:
    """Whom to tell of a weakness (RFC 9116); the same for everybody, all day long."""
    jour = (maintenant or timezone.now()).replace(hour=0, minute=0, second=0, microsecond=0)
    mentions = f"{settings.SITE_URL}{reverse('mentions_legales')}"
    contact = settings.CONTACT_SECURITE or (f"mailto:{settings.CONTACT}" if settings.CONTACT else mentions)
    lignes = (
        f"Contact: {contact}",
        f"Expires: {(jour + VALIDITE).isoformat().replace('+00:00', 'Z')}",
        "Preferred-Languages: fr, en",
        f"Policy: {mentions}#faille",
        f"Canonical: {settings.SITE_URL}{reverse('security_txt')}",
    )
    return HttpResponse("".join(f"{ligne}\n" for ligne in lignes), content_type="text/plain; charset=utf-8")
