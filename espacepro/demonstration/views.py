"""What a visitor of the demonstration sees besides the portal: the accounts, the mails that left, the letters that arrived.

Every page shows secrets of fictional people, so each of them refuses to answer unless `settings.DEMONSTRATION` is true,
over and above not being routed.
"""

from collections.abc import Callable
from functools import partial, wraps
from typing import Any

from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.csp import CSP
from django.utils.http import content_disposition_header
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.csp import csp_override
from django.views.decorators.http import require_POST, require_safe
from django_otp import login as prouver_second_facteur
from django_otp.oath import totp

from accounts.models import Application, Compte
from accounts.models.application import CHIFFRES, PAS
from accounts.portes.connexion import ouvrir
from accounts.portes.reauthentification import noter_preuve
from activation.courriers.edition import produire_pdf
from activation.models import Courrier

from .cellule import tout_est_dit
from .comptes import AGENTS, COMPTES, MONDE, USAGERS
from .courriels import BoiteDemonstration, CourrielRecu

PAR_PAGE = 20
# A mail may hold anything: no script, no request to anywhere, no origin; a link may open a tab of its own.
CSP_COURRIEL: dict[str, list[str]] = {
    "default-src": [CSP.NONE],
    "img-src": ["data:"],
    "style-src": [CSP.UNSAFE_INLINE],
    "form-action": [CSP.NONE],
    "frame-ancestors": [CSP.SELF],
    "sandbox": ["allow-popups", "allow-popups-to-escape-sandbox"],
}
CSP_AVEC_CADRE: dict[str, Any] = {**settings.SECURE_CSP, "frame-src": [CSP.SELF]}
Vue = Callable[..., HttpResponse]


def demonstration_seulement(vue: Vue, methodes: Callable[[Vue], Vue] = require_safe) -> Vue:
    """Open `vue` to everybody in demonstration, and to nobody anywhere else (404); to be read, unless `methodes` says so."""

    @wraps(vue)
    def gardee(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        if not settings.DEMONSTRATION:
            raise Http404
        return vue(request, *args, **kwargs)

    return login_not_required(never_cache(methodes(gardee)))


@demonstration_seulement
def accueil(request: HttpRequest) -> HttpResponse:
    """Show the accounts to sign in with, and the way to the mails and letters."""
    return render(
        request,
        "demonstration/accueil.html",
        {
            "personnes": COMPTES,
            "presentes": (presentes := _presentes()),
            "attendues": len({personne.email for personne in COMPTES} - presentes),
            "usagers": (*MONDE, *USAGERS),
            "agents": AGENTS,
            "codes": _codes_des_agents(),
        },
    )


def _presentes() -> set[str]:
    """Return the addresses of those who may be entered as: the world is still being made when the portal first answers.

    Nobody of it before it is whole: half of a story contradicts what its page promises.
    """
    connus = COMPTES if tout_est_dit() else (*USAGERS, *AGENTS)
    adresses = [compte.email for compte in connus]
    return set(Compte.objects.filter(email__in=adresses, is_active=True).values_list("email", flat=True))


@partial(demonstration_seulement, methodes=require_POST)
def entrer(request: HttpRequest, cle: str) -> HttpResponse:
    """Sign in as one of the people of the page, and of them alone, without a password; an agent's second factor is proved."""
    personne = next((compte for compte in COMPTES if compte.cle == cle), None)
    if personne is None or personne.email not in _presentes():
        raise Http404
    compte = Compte.objects.get(email=personne.email)
    logout(request)  # nothing of the former person's session goes on
    ouvrir(acteur=compte, request=request)
    if not compte.is_staff:
        noter_preuve(request)
        return redirect("espace")
    prouver_second_facteur(request, _application(compte))
    return redirect("admin:index")


def _application(compte: Compte) -> Application:
    """Return the application of this agent, the one that somebody has enrolled by hand if there is one."""
    confirmee = Application.objects.filter(user=compte, confirmed=True).order_by("pk").first()
    return confirmee or Application.objects.create(user=compte, name="démonstration", confirmed=True)


def _codes_des_agents() -> dict[str, str]:
    """Return the code that the application of each agent shows now, by address, for who signs in by hand."""
    applications = Application.objects.filter(user__email__in=[compte.email for compte in AGENTS], confirmed=True)
    return {
        application.user.email: f"{totp(application.bin_key, PAS, digits=CHIFFRES):0{CHIFFRES}d}"
        for application in applications.select_related("user")
    }


@demonstration_seulement
def courriels(request: HttpRequest) -> HttpResponse:
    """List the mails that the catcher received, newest first."""
    boite = _boite()
    page = Paginator(boite.cles(), PAR_PAGE).get_page(request.GET.get("page"))
    return render(
        request, "demonstration/courriels.html", {"page": page, "courriels": [boite.lire(cle) for cle in page]}
    )


@csp_override(CSP_AVEC_CADRE)
@demonstration_seulement
def courriel(request: HttpRequest, cle: str) -> HttpResponse:
    """Show one mail: headers, text, HTML part in a frame, attachments."""
    return render(request, "demonstration/courriel.html", {"courriel": _courriel(cle)})


@csp_override(CSP_COURRIEL)
@xframe_options_sameorigin
@demonstration_seulement
def courriel_html(request: HttpRequest, cle: str) -> HttpResponse:
    """Return the HTML part as it was sent, its links opening outside the frame."""
    return HttpResponse(_courriel(cle).html.replace("<head>", '<head><base target="_blank">', 1))


@demonstration_seulement
def piece(request: HttpRequest, cle: str, rang: int) -> HttpResponse:
    """Download one attachment."""
    for trouvee in _courriel(cle).pieces:
        if trouvee.rang == rang:
            return HttpResponse(
                trouvee.octets,
                content_type="application/pdf" if trouvee.type == "application/pdf" else "application/octet-stream",
                headers={"Content-Disposition": str(content_disposition_header(True, trouvee.nom))},
            )
    raise Http404


@demonstration_seulement
def courriers(request: HttpRequest) -> HttpResponse:
    """List the letters that the worker has produced, as if the postman had brought them."""
    arrives = Courrier.objects.filter(canal=Courrier.Canal.POSTAL, edite_le__isnull=False).select_related(
        "demande__personne", "demande__espace"
    )
    page = Paginator(arrives.order_by("-edite_le", "pk"), PAR_PAGE).get_page(request.GET.get("page"))
    return render(request, "demonstration/courriers.html", {"page": page})


@demonstration_seulement
def courrier_pdf(request: HttpRequest, pk: str) -> HttpResponse:
    """Open one letter."""
    courrier = get_object_or_404(Courrier, pk=pk, canal=Courrier.Canal.POSTAL, edite_le__isnull=False)
    nom = f"courrier-{courrier}.pdf"
    return HttpResponse(
        produire_pdf(courrier),
        content_type="application/pdf",
        headers={"Content-Disposition": str(content_disposition_header(False, nom))},
    )


def _boite() -> BoiteDemonstration:
    return BoiteDemonstration(settings.ETAT / "courriels")


def _courriel(cle: str) -> CourrielRecu:
    try:
        return _boite().lire(cle)
    except KeyError:
        raise Http404 from None
