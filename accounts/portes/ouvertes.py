"""What stays open to a session that owes something first: declared once, in the access table (espacepro/acces.py), read by each door.

Closed by default: a page of which the table says nothing waits until what is due is done.
"""

from collections.abc import Mapping
from enum import Flag, auto
from typing import Final

from django.http import HttpRequest


class Du(Flag):
    """What may be due of a session before anything else, in the order in which it is asked (settings.MIDDLEWARE)."""

    RIEN = 0
    VERIFICATION = auto()  # surveillance/verification/middleware.py
    MOT_DE_PASSE = auto()  # middleware.py: RenouvellementMiddleware
    REPONSE = auto()  # reponse.py
    CONDITIONS = auto()  # conditions.py
    TOUT = VERIFICATION | MOT_DE_PASSE | REPONSE | CONDITIONS


DEMONSTRATION: Final = "demonstration"
"""The namespace of its pages, which are routed nowhere else (espacepro/urls.py)."""
_ouvertes: dict[str, Du] = {}


def laisser_ouvertes(pages: Mapping[str, Du]) -> None:
    """Say, of each URL name, in spite of what it stays open: the floor above does, which has the table of every page."""
    _ouvertes.update(pages)


def est_ouverte(request: HttpRequest, du: Du) -> bool:
    """Whether the page that this request asks for stays open to who owes this.

    The demonstration's own always do: the mail that holds a code is read there, by whoever tries it in one browser.
    """
    trouve = request.resolver_match
    if trouve is not None and trouve.namespace == DEMONSTRATION:
        return True
    return trouve is not None and du in _ouvertes.get(trouve.view_name, Du.RIEN)


def ouvertes(du: Du) -> frozenset[str]:
    """Return the URL names that stay open to who owes this."""
    return frozenset(nom for nom, malgre in _ouvertes.items() if du in malgre)
