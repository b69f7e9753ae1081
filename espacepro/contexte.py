"""What every page knows."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def portail(request: HttpRequest) -> dict[str, Any]:
    """Return the look (State's mark, demonstration) and who is signed in; no query beyond the account's own rows."""
    compte: Any = getattr(request, "user", None)
    connecte = compte is not None and compte.is_authenticated
    return {
        "marque_etat": settings.MARQUE_ETAT,
        "demonstration": settings.DEMONSTRATION,
        "mode_production": settings.PRODUCTION,
        "session_inactivite": int(settings.SESSION_INACTIVITE.total_seconds()),
        "espace": getattr(compte, "espace", None) if connecte and not compte.is_staff else None,
        "agent": getattr(compte, "agent", None) if connecte and compte.is_staff else None,
    }
