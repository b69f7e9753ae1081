"""A session that goes on from another country or another browser than it was opened in: a stolen cookie (R15, CGU §3.6.a).

Asked before each page, of what the session already holds: no query, but when something has changed.
"""

import time
from typing import Any, Final

from django.conf import settings
from django.contrib.auth import SESSION_KEY, logout
from django.http import HttpRequest

from accounts.models.sessions_base import DERNIERE_ACTIVITE, PROVENANCE
from accounts.sessions.appareils import decrire
from accounts.traces.requete import compte_connecte

from .registre import SESSION_APPAREIL, SESSION_PAYS, SESSION_VOLEE, SIGNAUX, Demande
from .signalement import numero_de, signaler

SIGNALES: Final = "changements_signales"
_APPAREIL: Final = ("navigateur", "systeme")


def nom_seul(nom: str) -> str:
    """Return the name of a browser or a system without its version: an update is no other browser."""
    debut, _, version = nom.rpartition(" ")
    return debut if debut and version[:1].isdigit() else nom


def changement(avant: dict[str, str], ici: dict[str, str]) -> str | None:
    """Return the kind of signal that this change of a session is, None where nothing has changed or is known."""
    pays = bool(avant.get("pays") and ici["pays"]) and avant["pays"] != ici["pays"]
    appareil = any(avant.get(nom) and nom_seul(avant[nom]) != nom_seul(ici[nom]) for nom in _APPAREIL)
    if pays and appareil:
        return SESSION_VOLEE
    if pays:
        return SESSION_PAYS
    return SESSION_APPAREIL if appareil else None


def examiner_la_session(request: HttpRequest) -> None:
    """Signal, once each, that this session has moved; a stolen one ends here, before its page is made.

    An agent signs in with a second factor from the agents' networks: only both changes at once are looked at there.
    """
    session = request.session
    avant: dict[str, str] | None = session.get(PROVENANCE)
    if not avant or SESSION_KEY not in session:
        return
    if time.time() - session.get(DERNIERE_ACTIVITE, 0) > settings.SESSION_INACTIVITE.total_seconds():
        return  # it ends by itself
    ici = decrire(request).en_dict()
    genre = changement(avant, ici)
    if genre is not None:
        _signaler(request, genre, avant, ici)


def _signaler(request: HttpRequest, genre: str, avant: dict[str, str], ici: dict[str, str]) -> None:
    compte = compte_connecte(request)
    signales: list[str] = request.session.get(SIGNALES, [])
    trace = f"{genre}|{ici['pays']}|{nom_seul(ici['navigateur'])}|{nom_seul(ici['systeme'])}"
    if compte is None or trace in signales or (compte.is_staff and genre != SESSION_VOLEE):
        return
    request.session[SIGNALES] = [*signales, trace][-10:]
    signaler(
        compte=compte,
        genre=genre,
        session=request.session,
        cause=f"session:{numero_de(request.session)}",
        details={"avant": _dits(avant), "apres": _dits(ici)},
    )
    if Demande.FERMER in SIGNAUX[genre].demande:
        logout(request)


def _dits(lieu: dict[str, str]) -> dict[str, Any]:
    return {nom: lieu.get(nom, "") for nom in ("pays", "adresse_ip", *_APPAREIL)}
