"""A code typed before signing in is kept for the page that asks for it: encrypted, in this session, fifteen minutes.

It stands in no address and nowhere in clear, and is never sent by itself: its field shows it, for who signed in to press.
"""

from typing import Final

from django.http import HttpRequest

from ..chiffrement import chiffrer, dechiffrer

CHAMP: Final = "code_garde"
GARDE: Final = 15 * 60  # seconds


def garder_code(request: HttpRequest, code: str) -> None:
    """Keep this code in the session, which goes on through the sign-in."""
    request.session[CHAMP] = chiffrer(code)


def reprendre_code(request: HttpRequest) -> str:
    """Return the code that is kept, once; nothing when there is none or it is too old."""
    chiffre = request.session.pop(CHAMP, None)
    return (dechiffrer(chiffre, duree_max=GARDE) if chiffre else None) or ""
