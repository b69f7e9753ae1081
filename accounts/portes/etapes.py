"""A form of several pages, each of which has an address: what answers a POST with a page is kept, and a GET shows it.

Pages are never stored by a browser (`no-store`): « back » on a page that answered a POST would show an error of the browser. Kept for
fifteen minutes, encrypted, for the session that was shown it; what was typed, less files and secrets, fills its form again for who comes
back to its first address, until it is taken. Without Redis the POST is answered by the page itself, as it is by any other form.
"""

import base64
import json
import secrets
import zlib
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, Final

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect
from django.utils.http import urlencode
from redis.exceptions import RedisError

from ..chiffrement import chiffrer, dechiffrer
from ..models.sessions_base import empreinte
from ..traces.requete import compte_connecte
from .remplissage import est_une_page, remplir
from .saisie import ETAPE, GARDE, Saisie, champs_saisis, sans_etape

USAGE: Final = "etape-gardee"
MONTREES: Final = "etapes"
"""In the session: address, name and « fills it again » of the pages kept for it; what they hold is not there."""
PAGES_AU_PLUS: Final = 8  # of one session
TAILLE_MAX: Final = 200_000  # bytes of a page, compressed


def pages_gardees[**P](
    vue: Callable[Concatenate[HttpRequest, P], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """Answer each POST of this view by an address. Put it under the doors of the view: a kept page passes them again."""

    @wraps(vue)
    def gardee(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        return par_une_adresse(request, lambda: vue(request, *args, **kwargs))

    return gardee


def par_une_adresse(request: HttpRequest, repondre: Callable[[], HttpResponseBase]) -> HttpResponseBase:
    """Return what a view answers, or the address of it, or what is kept of it, as the request asks."""
    if request.method == "POST":
        _oublier_l_etape(request)
        return _apres_l_envoi(request, repondre())
    if ETAPE in request.GET:
        gardee = _lire(request, request.GET[ETAPE])
        return redirect(sans_etape(request.get_full_path())) if gardee is None else HttpResponse(gardee["html"])
    return _remplie(request, repondre())


def _oublier_l_etape(request: HttpRequest) -> None:
    """Give the view the address of its form, whichever kept page posted to it."""
    if ETAPE in request.GET:
        requete = sans_etape(f"?{request.META['QUERY_STRING']}").removeprefix("?")
        request.META["QUERY_STRING"] = requete
        request.GET = QueryDict(requete, encoding=request.encoding)


def _apres_l_envoi(request: HttpRequest, reponse: HttpResponseBase) -> HttpResponseBase:
    page, montrees = request.get_full_path(), request.session.get(MONTREES, [])
    if reponse.status_code in {301, 302, 303} and montrees:
        request.session[MONTREES] = [[p, nom, remplit and p != page] for p, nom, remplit in montrees]
    if reponse.status_code != 200 or not isinstance(reponse, HttpResponse):
        return reponse
    nom = _garder(request, page, reponse.content.decode()) if est_une_page(reponse) else ""
    if not nom:
        return reponse
    autres = [[p, n, remplit and p != page] for p, n, remplit in montrees]
    for _, ancien, _ in autres[: -(PAGES_AU_PLUS - 1)]:
        _effacer(request, ancien)
    request.session[MONTREES] = [*autres[-(PAGES_AU_PLUS - 1) :], [page, nom, True]]
    return redirect(f"{page}{'&' if '?' in page else '?'}{urlencode({ETAPE: nom})}")


def _cle(request: HttpRequest, nom: str) -> str:
    return f"etape:{empreinte(request.session.session_key or '')}:{nom}"


def _garder(request: HttpRequest, page: str, html: str) -> str:
    """Keep this page for this session; return its name, nothing where it is too long or Redis is away."""
    compte = compte_connecte(request)
    if compte is None or not request.session.session_key:
        return ""
    dit = {"page": page, "compte": str(compte.pk), "html": html, "champs": champs_saisis(request)[0]}
    serre = base64.b85encode(zlib.compress(json.dumps(dit).encode())).decode()
    if len(serre) > TAILLE_MAX:
        return ""
    nom = secrets.token_urlsafe(9)
    try:
        cache.set(_cle(request, nom), chiffrer(serre, usage=USAGE), GARDE)
    except (RedisError, OSError):
        return ""  # nothing may depend on Redis
    return nom


def _lire(request: HttpRequest, nom: str) -> dict[str, Any] | None:
    """Return what is kept under this name for this session, account and address."""
    try:
        chiffre = cache.get(_cle(request, nom))
    except (RedisError, OSError):
        return None
    serre = dechiffrer(chiffre, usage=USAGE, duree_max=GARDE) if chiffre else None
    if serre is None:
        return None
    dit: dict[str, Any] = json.loads(zlib.decompress(base64.b85decode(serre)))
    compte = compte_connecte(request)
    la = compte is not None and dit["compte"] == str(compte.pk) and dit["page"] == sans_etape(request.get_full_path())
    return dit if la else None


def _effacer(request: HttpRequest, nom: str) -> None:
    try:
        cache.delete(_cle(request, nom))
    except (RedisError, OSError):
        return  # it ends by itself


def _remplie(request: HttpRequest, reponse: HttpResponseBase) -> HttpResponseBase:
    """Fill the form of this page with what was last typed there and led to a kept page."""
    page = request.get_full_path()
    nom = next((n for p, n, remplit in request.session.get(MONTREES, []) if remplit and p == page), "")
    if not nom or reponse.status_code != 200 or not isinstance(reponse, HttpResponse) or not est_une_page(reponse):
        return reponse
    gardee = _lire(request, nom)
    if gardee is not None and gardee["champs"]:
        champs = [(champ, valeur) for champ, valeur in gardee["champs"]]
        saisie = Saisie(page=page, adresse=page, champs=champs, fichiers=False, secrets=False)
        reponse.content = remplir(reponse.content.decode(), saisie, "").encode()
    return reponse
