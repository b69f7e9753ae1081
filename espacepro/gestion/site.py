"""The agents' site: /gestion/, second factor compulsory (design.md §1, §5)."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.contrib.admin import AdminSite
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LoginView, LogoutView
from django.http import Http404, HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import URLPattern, URLResolver, path, reverse, reverse_lazy
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache

from accounts.gestion.agents import Etape, agent_de, agent_verifie, etape_due
from accounts.gestion.consultation import ConsultationAdmin
from accounts.portes.reauthentification import reauthentification_requise
from accounts.portes.saisie import annoncer, garder_saisie

Vue = Callable[..., HttpResponseBase]
# What the stock admin offers and no page here needs; the first two would tell that a foreign row exists.
RETIREES = {"view_on_site", "autocomplete", "password_change", "password_change_done", "logout"}


class SiteGestion(AdminSite):
    """Django's admin behind the agent's door: password, own password chosen, device enrolled, code of the device.

    A usager who is signed in finds nothing here (404), and an agent who is half-way is led to the step that is due.
    """

    site_header = "Gestion des espaces professionnels"
    site_title = "Gestion"
    index_title = "Personnes et demandes"
    site_url = None
    index_template = "gestion/accueil.html"
    enable_nav_sidebar = False

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Take our own pages alone: those that libraries bring (seeds, lock-outs, groups) know no service gestionnaire."""
        if admin_class is not None and issubclass(admin_class, ConsultationAdmin):
            super().register(model_or_iterable, admin_class, **options)

    def has_permission(self, request: HttpRequest) -> bool:
        """Whether the door is open: an active agent, second factor proved, password of the agent's own."""
        return agent_verifie(request) is not None

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Wrap every page of the site; a grave act asks the password again, in place, when its last proof is old."""
        if getattr(getattr(view, "view_class", None), "mot_de_passe_frais", False):
            view = _mot_de_passe_frais(view)
        return self.porte(super().admin_view(view, cacheable), None)

    def porte(self, vue: Vue, *etapes: Etape | None) -> Vue:
        """Open `vue` to an agent for whom one of these steps is due (None: nothing is), and send others to theirs."""

        def gardee(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if request.user.is_authenticated:
                if agent_de(request.user) is None:
                    raise Http404
                etape = etape_due(request)
                if etape not in etapes:
                    return self._vers(request, etape, _demandee(request))
            return vue(request, *args, **kwargs)

        return gardee

    def _vers(self, request: HttpRequest, etape: Etape | None, demandee: str) -> HttpResponseBase:
        suite = LoginView(request=request).get_redirect_url()
        if etape is None:
            return HttpResponseRedirect(suite or reverse("admin:index"))
        suite = suite or demandee
        adresse = reverse(f"admin:{etape}")
        return redirect(f"{adresse}?{urlencode({'next': suite})}" if suite else adresse)

    @method_decorator(never_cache)
    @login_not_required
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """The password; who is already signed in goes on to the next step, or finds nothing."""
        if not request.user.is_authenticated:
            from .portes import ConnexionAgent

            contexte = {**self.each_context(request), **(extra_context or {})}
            return ConnexionAgent.as_view(extra_context=contexte)(request)
        if agent_de(request.user) is None:
            raise Http404
        return self._vers(request, etape_due(request), "")

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """What waits in the agent's office, then the lists."""
        from .accueil import accueil

        return super().index(request, {**accueil(request), "title": "À traiter", **(extra_context or {})})

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """Return the admin's pages, less those that no agent needs, and the steps of the door."""
        from accounts.views.saisie import saisie_d_agent

        from . import (  # the views are made of models, forms and templates that need this site's app ready
            accueil,
            alertes_pages,
            guichet,
            lettres,
            raccourcis,
            retours,
            surveillees_pages,
            vue_usager,
        )
        from . import portes as vues
        from .blocages_pages import LA_CELLULE
        from .espaces import ESPACES
        from .sien import SON_BUREAU

        deconnexion = LogoutView.as_view(next_page="admin:login", http_method_names=["post", "options"])
        propres: list[URLPattern | URLResolver] = [
            path("logout/", self.porte(deconnexion, None, *Etape), name="logout"),
            path(
                "mot-de-passe/",
                self.porte(vues.MotDePasse.as_view(), None, Etape.MOT_DE_PASSE),
                name="password_change",
            ),
            path("verification/", self.porte(vues.Verification.as_view(), Etape.VERIFICATION), name="verification"),
            path(
                "verification/code-de-secours/",
                self.porte(vues.VerificationSecours.as_view(), Etape.VERIFICATION),
                name="verification_secours",
            ),
            path("enrolement/", self.porte(vues.Enrolement.as_view(), None, Etape.ENROLEMENT), name="enrolement"),
            path(
                "enrolement/code/",
                self.porte(vues.EnrolementCode.as_view(), None, Etape.ENROLEMENT),
                name="enrolement_code",
            ),
            path("second-facteur/", self.porte(vues.SecondFacteur.as_view(), None), name="second_facteur"),
            path("saisie-gardee/", self.admin_view(saisie_d_agent), name="saisie_gardee"),
            path("raccourcis/", self.admin_view(raccourcis.raccourcis), name="raccourcis"),
            path("chercher/", self.admin_view(guichet.rechercher), name="chercher"),
            path("espaces/<uuid:pk>/", self.admin_view(guichet.page_espace), name="espace"),
            path(
                "espaces/<uuid:pk>/comme-l-usager/",
                self.admin_view(vue_usager.raison_de_regarder),
                name="comme_l_usager",
            ),
            path(
                "espaces/<uuid:pk>/comme-l-usager/page/",
                self.admin_view(vue_usager.comme_l_usager),
                name="comme_l_usager_page",
            ),
            *ESPACES.adresses(self),
            *SON_BUREAU.adresses(self),
            *LA_CELLULE.adresses(self),
            *surveillees_pages.SURVEILLEES.adresses(self),
            path("adresses-surveillees/", self.admin_view(surveillees_pages.surveillees), name="surveillees"),
            path("alertes/", self.admin_view(alertes_pages.alertes), name="alertes"),
            path("lettres/", self.admin_view(lettres.lettres), name="lettres"),
            path("lettres/<uuid:pk>/apercu/", self.admin_view(lettres.apercu), name="lettre_apercu"),
            path(
                "lettres/<uuid:pk>/reprendre/", self.admin_view(lettres.reprendre_une_lettre), name="lettre_reprendre"
            ),
            path("lettres/de-cote/", self.admin_view(lettres.de_cote), name="lettres_de_cote"),
            path(
                "courriels/<uuid:pk>/reprendre/",
                self.admin_view(lettres.reprendre_un_courriel),
                name="courriel_reprendre",
            ),
            path("remises/", self.admin_view(lettres.remises), name="remises"),
            path("remises/remettre/", self.admin_view(lettres.remettre), name="remettre"),
            path("remises/<str:reference>/", self.admin_view(lettres.remise), name="remise"),
            path("remises/<str:reference>/renvoyer/", self.admin_view(lettres.renvoyer), name="remise_renvoyer"),
            path("lettres-revenues/", self.admin_view(retours.lettres_revenues), name="lettres_revenues"),
            path("files/<str:code>/", self.admin_view(accueil.file), name="file"),
            path("files/<str:code>/prendre/", self.admin_view(accueil.prendre_suivante), name="prendre_suivante"),
            path("affaires/<int:pk>/prendre/", self.admin_view(accueil.prendre_celle_ci), name="prendre"),
            path("affaires/<int:pk>/rendre/", self.admin_view(accueil.rendre_celle_ci), name="rendre"),
            path("codes-de-secours/", self.porte(vues.CodesSecours.as_view(), None), name="codes_secours"),
            path("codes-de-secours/texte/", self.porte(vues.codes_en_texte, None), name="codes_secours_texte"),
        ]
        motifs = propres + [motif for motif in super().get_urls() if getattr(motif, "name", None) not in RETIREES]
        _mener_a_la_porte(motifs)
        return motifs


def _demandee(request: HttpRequest) -> str:
    """Return where who is led to a step goes on from there: the page asked for, or what was kept of what was posted."""
    if request.method == "GET":
        return request.get_full_path()
    return annoncer(request, gardee=True) if garder_saisie(request) else ""


def _mot_de_passe_frais(vue: Vue) -> Vue:
    exigeante = reauthentification_requise(vue)

    @wraps(vue)
    def gardee(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return exigeante(request, *args, **kwargs) if request.method == "POST" else vue(request, *args, **kwargs)

    return gardee


def _mener_a_la_porte(motifs: list[URLPattern | URLResolver]) -> None:
    """Have LoginRequiredMiddleware send strangers to the agents' sign-in: the admin says it for some pages only."""
    for motif in motifs:
        if isinstance(motif, URLResolver):
            _mener_a_la_porte(motif.url_patterns)
        elif motif.name != "login":
            motif.callback.login_url = reverse_lazy("admin:login")  # type: ignore[attr-defined]
