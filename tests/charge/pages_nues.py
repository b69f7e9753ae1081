"""A bare Django home page over the portal's own rows: the ORM, a template, the middleware of a new project."""

from collections.abc import Callable

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.template import Context, Template
from django.urls import path

from habilitations.lectures.entreprises import PAR_PAGE
from habilitations.models import Habilitation
from services.models import PersonneSirenisee

MIDDLEWARE = [
    "tests.charge.pages_nues.adresser",
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]


def adresser(suite: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Have what comes through here look for its page among ours."""

    def servir(request: HttpRequest) -> HttpResponse:
        request.urlconf = __name__  # type: ignore[attr-defined]  # as Django documents
        return suite(request)

    return servir


GABARIT = Template("""<!doctype html><html lang="fr"><title>Espace</title><h1>{{ espace }}</h1>
{% for personne, siennes in groupes %}<h2>{{ personne.denomination }} {{ personne.siren }}</h2><ul>
{% for h in siennes %}<li><a href="/{{ personne.siren }}/{{ h.service.code }}/">{{ h.service.libelle }}</a> {{ h.get_role_display }}</li>
{% endfor %}</ul>{% endfor %}
<p>Page {{ page.number }} sur {{ page.paginator.num_pages }}</p></html>""")


@login_required
def accueil(request: HttpRequest) -> HttpResponse:
    """Show ten personnes in order and what the espace holds of each."""
    siennes = Habilitation.objects.filter(espace=request.user.espace, fin_le=None, etat="ACTIVE")
    personnes = PersonneSirenisee.objects.filter(pk__in=siennes.values("personne")).order_by("denomination", "siren")
    page = Paginator(personnes, PAR_PAGE).get_page(request.GET.get("page"))
    par_personne: dict[int, list[Habilitation]] = {personne.pk: [] for personne in page}
    for habilitation in siennes.filter(personne__in=list(page)).select_related("service").order_by("service__ordre"):
        par_personne[habilitation.personne_id].append(habilitation)
    groupes = [(personne, par_personne[personne.pk]) for personne in page]
    contexte = Context({"espace": request.user.espace, "groupes": groupes, "page": page})
    return HttpResponse(GABARIT.render(contexte))


urlpatterns = [path("accueil-nu/", accueil)]
