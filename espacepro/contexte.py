"""What every page knows."""

from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest

from accounts.models import Espace
from accounts.portes.agents import est_l_hote_des_agents
from accounts.traces.requete import compte_connecte

from .acces import D_EXPERT, MENU, MENU_PERSONNE, TABLE
from .aide.fiches import FICHE_DE_LA_PAGE

CHERCHE_ENTREPRISE: Final = "cherche_entreprise"
"""Where the session says whether this holder has companies enough to look for one; the home page writes it."""
NON_LUS: Final = "messages_non_lus"
"""Where the session keeps how many exchanges are to be read; the home page and the inbox write it."""
AVEC_SA_RECHERCHE: Final = "espace"
"""The page whose own search finds the companies."""


def portail(request: HttpRequest) -> dict[str, Any]:
    """Return the look (State's mark, demonstration), the place in the menu and who is signed in.

    No query beyond the account's own rows.
    """
    compte = compte_connecte(request)
    trouve = request.resolver_match
    page = trouve.url_name if trouve and not trouve.namespace else None
    porte = TABLE.get(page) if page else None
    espace = getattr(compte, "espace", None) if compte and not compte.is_staff else None
    simplifie = espace is not None and espace.mode == Espace.Mode.SIMPLIFIE
    return {
        "marque_etat": settings.MARQUE_ETAT,
        "demonstration": settings.DEMONSTRATION,
        "mode_production": settings.PRODUCTION,
        "session_inactivite": int(settings.SESSION_INACTIVITE.total_seconds()),
        "menu": MENU,
        "menu_personne": [(p, mots) for p, mots in MENU_PERSONNE.items() if not (simplifie and p in D_EXPERT)],
        "page_ouverte": page,
        "fiche_aide": FICHE_DE_LA_PAGE.get(page) if page else None,
        "rubrique": porte.rubrique if porte else None,
        "espace": espace,
        "messages_non_lus": min(request.session.get(NON_LUS, 0), 100) if espace is not None and espace.est_actif else 0,
        "cherche_entreprise": espace is not None
        and espace.est_actif
        and page != AVEC_SA_RECHERCHE
        and request.session.get(CHERCHE_ENTREPRISE, False),
        # By the agents' own host name the portal's pages are elsewhere.
        "portail": settings.SITE_URL if settings.ADMIN_HOST and est_l_hote_des_agents(request) else "",
        "agent": getattr(compte, "agent", None) if compte and compte.is_staff else None,
    }
