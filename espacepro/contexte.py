"""What every page knows."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from accounts.traces.requete import compte_connecte


def portail(request: HttpRequest) -> dict[str, Any]:
    """Return the look (State's mark, demonstration) and who is signed in; no query beyond the account's own rows."""
    compte = compte_connecte(request)
    return {
        "marque_etat": settings.MARQUE_ETAT,
        "demonstration": settings.DEMONSTRATION,
        "mode_production": settings.PRODUCTION,
        "session_inactivite": int(settings.SESSION_INACTIVITE.total_seconds()),
        "espace": getattr(compte, "espace", None) if compte and not compte.is_staff else None,
        "agent": getattr(compte, "agent", None) if compte and compte.is_staff else None,
    }
