"""What a form served to a visitor carries for who watches automata (R17): the sealed time of its page, and a field that nobody sees.

The field is under `hidden`: not drawn, not focused, not read aloud, not offered to a password manager; its name and attributes are of
nothing that one keeps. Who reads the page as text fills it. It decides nothing alone (surveillance/automates/detecteurs.py).
"""

import time
from typing import Final

from django.http import HttpRequest
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from ..forms.claviers import Clavier
from ..traces.requete import compte_connecte

SERVI: Final = "servi"
PIEGE: Final = "reference_annexe"
PILOTE: Final = "pilote"
"""Written by static/js/portail.js in a browser that says it is driven."""
MARQUES: Final = frozenset({SERVI, PIEGE, PILOTE})
_SEL: Final = "accounts.portes.marques"
# What the three best known password managers read as « leave this field alone ».
_A_LAISSER: Final = (("data-1p-ignore", "true"), ("data-bwignore", "true"), ("data-lpignore", "true"))


def sceller(instant: float) -> str:
    """Return the mark of a page served at this time, in milliseconds: anybody reads it, nobody else makes one."""
    heure = f"{int(instant * 1000):x}"
    return f"{heure}.{salted_hmac(_SEL, heure, algorithm='sha256').hexdigest()[:24]}"


def servi_depuis(marque: str, maintenant: float | None = None) -> float | None:
    """Return how many seconds ago the page of this mark was served; None when the mark is not ours."""
    heure, _, _sceau = marque.partition(".")
    if not heure.isascii() or not heure.isalnum() or len(heure) > 12:
        return None
    try:
        instant = int(heure, 16) / 1000
    except ValueError:
        return None
    if not constant_time_compare(marque, sceller(instant)):
        return None
    return (time.time() if maintenant is None else maintenant) - instant


def marquer(request: HttpRequest) -> SafeString:
    """Render what the forms of this page carry: of who is signed in, whose session is what is watched, nothing but its time.

    That one serves once the session is over: an agent who comes back and presses is no robot. An espace's form has its stamp alone.
    """
    compte = compte_connecte(request)
    if compte is not None and hasattr(compte, "espace"):
        return SafeString("")
    heure = format_html('<input type="hidden" name="{}" value="{}">', SERVI, sceller(time.time()))
    if compte is not None:
        return heure
    attributs = format_html_join("", ' {}="{}"', [*Clavier.REFERENCE.attributs.items(), *_A_LAISSER])
    return format_html(
        '{}<div hidden><label>Laissez ce champ vide <input name="{}" value="" tabindex="-1"{}></label></div>',
        heure,
        PIEGE,
        attributs,
    )
