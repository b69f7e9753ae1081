"""From the mail's link into the espace, without typing again the password typed a moment before in the same browser.

The browser proves the password (its session typed it for this inscription), the link proves the mailbox: together they
are worth a sign-in, whose session is a new one. Either alone opens nothing; a second factor is asked as ever.
"""

import time
from typing import Final

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare

from ..models import Compte, Espace
from ..mots_de_passe.politique import CompteModifie
from .connexion import a_un_second_facteur, ouvrir
from .reauthentification import PROUVE_LE

TAPE: Final = "inscription_mot_de_passe"
PROUVEE: Final = "inscription_adresse_prouvee"


def noter_mot_de_passe(session: SessionBase, espace: Espace) -> None:
    """Note that this session has typed the password of this inscription just now."""
    compte = Compte.objects.get(espace=espace)
    session[TAPE] = {
        "espace": str(espace.pk),
        "empreinte": compte.get_session_auth_hash(),
        "le": time.time(),
    }


def noter_adresse(session: SessionBase, espace: Espace) -> None:
    """Note that this session has followed the link of this espace's login address."""
    session[PROUVEE] = str(espace.pk)


def ouvrir_si_prouve(request: HttpRequest, espace: Espace) -> bool:
    """Sign in the holder of the espace that has just been confirmed, if this browser has proved both; say whether it did.

    The password was typed no longer ago than a session may stay unused, and is still the account's.
    """
    tape = request.session.get(TAPE)
    if tape is None or tape["espace"] != str(espace.pk) or request.session.get(PROUVEE) != str(espace.pk):
        return False
    compte = Compte.objects.get(espace=espace)
    if not 0 <= time.time() - tape["le"] <= settings.SESSION_INACTIVITE.total_seconds():
        return False
    if not compte.is_active or compte.is_staff or a_un_second_facteur(compte):
        return False
    if not constant_time_compare(tape["empreinte"], compte.get_session_auth_hash()):
        return False
    del request.session[TAPE], request.session[PROUVEE]
    try:
        ouvrir(acteur=compte, request=request)
    except CompteModifie:
        return False
    request.session[PROUVE_LE] = tape["le"]  # the password is as old as it is
    return True
