"""The sessions of an account: opened, listed, closed (R6, CGU §3.3, design.md §8)."""

import time
import uuid
from datetime import datetime
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse

from .. import actes
from ..models import Agent, Compte, Session
from ..models.sessions_base import DERNIERE_ACTIVITE, NAVIGATEUR, OUVERTE, PROVENANCE, SessionStore, empreinte
from ..saisies.regles import RegleMetier
from ..traces.journal import consigner
from ..traces.requete import marquer_la_session
from .appareils import decrire
from .navigateurs import Temoin, retenir

NAVIGATEUR_A_RETENIR = "navigateur_a_retenir"
TEMOIN = "temoin_du_navigateur"


class SessionInconnue(RegleMetier):
    code = "session_inconnue"
    message = "Cette session est déjà fermée."


def noter_ouverture(sender: Any, request: HttpRequest, user: Compte, **_: Any) -> None:
    """Date the session that has just been opened and note where from (signal user_logged_in)."""
    maintenant = int(time.time())
    request.session[OUVERTE] = request.session[DERNIERE_ACTIVITE] = maintenant
    marquer_la_session(request)
    request.session[PROVENANCE] = decrire(request).en_dict()
    request.session[NAVIGATEUR_A_RETENIR] = True


def retenir_le_navigateur(request: HttpRequest, compte: Compte) -> None:
    """Make the browser of a whole sign-in one that the account knows, once; its cookie leaves with the answer.

    Not while the session waits for a verification: once it is passed (R15).
    """
    if getattr(request.session, "verification", None) is None and request.session.pop(NAVIGATEUR_A_RETENIR, False):
        temoin = retenir(acteur=compte, request=request)
        request.session[NAVIGATEUR] = str(temoin.navigateur)
        setattr(request, TEMOIN, temoin)


def poser_le_temoin(request: HttpRequest, reponse: HttpResponse) -> None:
    """Let the cookie of the browser that has just become known leave with this answer."""
    temoin: Temoin | None = getattr(request, TEMOIN, None)
    if temoin is not None:
        temoin.poser(reponse)


def lister(compte: Compte, maintenant: datetime | None = None) -> list[Session]:
    """Return the open sessions of this account, the last used first, fifty at most."""
    return list(Session.objects.vivantes(compte, maintenant)[:50])


def est_courante(session: Session, cle: str | None) -> bool:
    """Whether this is the session of the browser that holds `cle`."""
    return cle is not None and session.session_key == empreinte(cle)


@transaction.atomic
def fermer_session(*, acteur: Compte, numero: uuid.UUID) -> None:
    """Close one session of the actor's own: its browser is signed out at its next request. Raises: SessionInconnue."""
    fermees, _ = Session.objects.filter(compte=acteur, numero=numero).delete()
    if not fermees:
        raise SessionInconnue
    consigner(actes.SESSION_FERMEE, auteur=acteur, espace=getattr(acteur, "espace", None))


@transaction.atomic
def fermer_toutes(*, acteur: Compte, sauf: str | None = None, auteur: Agent | str | None = None) -> int:
    """Close every session of an account but the one whose key is `sauf`, and return how many were closed.

    `auteur`: who does it, where it is not the holder of the account (R15, R16).

    For acts that change what a session rests on (password, answer, factor, deactivation); the act itself is the caller's.
    """
    sessions = Session.objects.filter(compte=acteur)
    if sauf:
        sessions = sessions.exclude(session_key=empreinte(sauf))
    fermees, _ = sessions.delete()
    if fermees:
        consigner(
            actes.SESSION_TOUTES_FERMEES,
            auteur=auteur or acteur,
            espace=getattr(acteur, "espace", None),
            details={"nombre": fermees, "sauf_la_sienne": bool(sauf)},
        )
    return fermees


def effacer_perimees() -> None:
    """Delete the rows of the sessions that are over."""
    SessionStore.clear_expired()
