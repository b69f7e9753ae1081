"""A code typed before signing in is kept for the page that asks for it: encrypted, in this session, fifteen minutes.

It is for one account: the first whose password is right after it was typed. It stands in no address and nowhere in clear,
and is never sent by itself: its field shows it, for who signed in to press.
"""

from typing import Any, Final

from django.http import HttpRequest

from ..chiffrement import chiffrer, dechiffrer
from ..models import Compte
from ..traces.requete import compte_connecte

CHAMP: Final = "code_garde"
POUR: Final = "code_garde_pour"  # the one account that it is shown to, once that is known
GARDE: Final = 15 * 60  # seconds


def garder_code(request: HttpRequest, code: str) -> None:
    """Keep this code in the session, which goes on through the sign-in, for whoever is signed in or is the first to be."""
    oublier_code(request)
    request.session[CHAMP] = chiffrer(code, usage=CHAMP)
    if compte := compte_connecte(request):
        lier_code(request, compte)


def lier_code(request: HttpRequest, compte: Compte) -> None:
    """Keep the code for this account alone, the first whose password was right; forget it at the sign-in of another."""
    if CHAMP in request.session and request.session.setdefault(POUR, str(compte.pk)) != str(compte.pk):
        oublier_code(request)


def noter_connexion(sender: Any, request: HttpRequest, user: Compte, **_: Any) -> None:
    """The code that was kept is whose sign-in this is (signal user_logged_in)."""
    lier_code(request, user)


def oublier_code(request: HttpRequest) -> None:
    """Forget the code and whose it is; a sign-out, which empties the session, does so too."""
    request.session.pop(CHAMP, None)
    request.session.pop(POUR, None)


def reprendre_code(request: HttpRequest) -> str:
    """Return the code that is kept for who is signed in, once; nothing when there is none, it is another's or too old."""
    chiffre, pour, compte = request.session.get(CHAMP), request.session.get(POUR), compte_connecte(request)
    oublier_code(request)
    if chiffre is None or compte is None or pour != str(compte.pk):
        return ""
    return dechiffrer(chiffre, usage=CHAMP, duree_max=GARDE, deja_garde=True) or ""
