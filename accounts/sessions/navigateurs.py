"""The browsers that an account knows: one signed cookie per account, renewed at each sign-in (references.md E.2).

Such a browser has its own counter of failed sign-ins, so that strangers cannot keep its owner out (design.md §8). It
proves nothing else: the password and the second factor are asked as of anybody.
"""

import hashlib
import secrets
import uuid
from dataclasses import dataclass, field
from datetime import timedelta

from django.conf import settings
from django.core import signing
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from .. import actes
from ..models import Agent, Compte, NavigateurConnu
from ..traces.journal import consigner
from .appareils import decrire

DUREE_DU_TEMOIN = timedelta(days=180)
NAVIGATEURS_AU_PLUS = 20
TEMOINS_LUS = 5  # cookies of a request from a blocked address
_SEL = "accounts.navigateurs"
_LUS = "navigateurs_lus"
_DE_QUELQU_UN = "navigateur_de_quelqu_un"
_DE_TROP = """
DELETE FROM accounts_navigateurconnu
 WHERE id IN (SELECT id FROM accounts_navigateurconnu WHERE compte_id = %s ORDER BY dernier_usage DESC OFFSET %s)
"""


def nom_du_temoin(compte: Compte) -> str:
    """Return the name of the cookie of this account: it tells nothing of the account, and several share a browser."""
    court = salted_hmac(_SEL, str(compte.pk), algorithm="sha256").hexdigest()[:16]
    return f"{'__Host-' if settings.SESSION_COOKIE_SECURE else ''}connu-{court}"


def navigateur_connu(request: HttpRequest, compte: Compte) -> NavigateurConnu | None:
    """Return the known browser that this request proves by its cookie, None for a stranger, a forged or an old one.

    Read once in a request for each account.
    """
    lus: dict[uuid.UUID, NavigateurConnu | None] = request.__dict__.setdefault(_LUS, {})
    if compte.pk not in lus:
        lus[compte.pk] = _lire(request, compte)
    return lus[compte.pk]


def _lire(request: HttpRequest, compte: Compte) -> NavigateurConnu | None:
    # What counts automata may have read it already: the same cookie.
    deja: NavigateurConnu | None = request.__dict__.get(_DE_QUELQU_UN)
    if deja is not None and deja.compte_id == compte.pk:
        return deja
    trouve = _prouve(request.COOKIES.get(nom_du_temoin(compte), ""))
    return trouve if trouve is not None and trouve.compte_id == compte.pk else None


def _prouve(brut: str) -> NavigateurConnu | None:
    """Return the known browser that this cookie proves."""
    if not brut:
        return None
    try:
        numero, secret = signing.loads(brut, salt=_SEL, max_age=DUREE_DU_TEMOIN)
        cle = uuid.UUID(numero)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    trouve = NavigateurConnu.objects.filter(pk=cle, dernier_usage__gt=timezone.now() - DUREE_DU_TEMOIN).first()
    if trouve is None or not constant_time_compare(trouve.empreinte, _empreinte(secret)):
        return None
    return trouve


def navigateur_de_quelqu_un(request: HttpRequest) -> NavigateurConnu | None:
    """Return the known browser that this request proves, of whichever account; None for a stranger, or an invented cookie.

    Read once in a request: one query for each cookie that we have signed, the first TEMOINS_LUS alone.
    """
    if _DE_QUELQU_UN not in request.__dict__:
        temoins = [brut for nom, brut in request.COOKIES.items() if nom.removeprefix("__Host-").startswith("connu-")]
        prouves = (_prouve(brut) for brut in temoins[:TEMOINS_LUS])
        request.__dict__[_DE_QUELQU_UN] = next((prouve for prouve in prouves if prouve is not None), None)
    trouve: NavigateurConnu | None = request.__dict__[_DE_QUELQU_UN]
    return trouve


@dataclass(frozen=True, kw_only=True)
class Temoin:
    """The cookie by which a browser will prove that the account knows it."""

    nom: str
    navigateur: uuid.UUID
    valeur: str = field(repr=False)

    def poser(self, reponse: HttpResponse) -> None:
        """Let it leave with this response."""
        reponse.set_cookie(
            self.nom,
            self.valeur,
            max_age=DUREE_DU_TEMOIN,
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )


def connu_de_l_adresse(request: HttpRequest, adresse: str) -> bool:
    """Whether the account of this address knows this browser; nothing is looked up for a browser that no account knows."""
    if not any(nom.removeprefix("__Host-").startswith("connu-") for nom in request.COOKIES):
        return False
    compte = Compte.objects.d_adresse(adresse).first()
    return compte is not None and navigateur_connu(request, compte) is not None


@transaction.atomic(savepoint=False)
def retenir(*, acteur: Compte, request: HttpRequest) -> Temoin:
    """Make the browser of this request known to the account, or renew its secret; return its new cookie."""
    lieu = decrire(request)
    secret = secrets.token_urlsafe(32)
    connu = navigateur_connu(request, acteur)
    navigateur = connu or NavigateurConnu(compte=acteur)
    navigateur.empreinte = _empreinte(secret)
    navigateur.dernier_usage = timezone.now()
    navigateur.navigateur, navigateur.systeme = lieu.navigateur, lieu.systeme
    navigateur.save(force_insert=connu is None)
    if connu is None:
        with connection.cursor() as curseur:
            curseur.execute(_DE_TROP, [acteur.pk, NAVIGATEURS_AU_PLUS])
    valeur = signing.dumps([str(navigateur.pk), secret], salt=_SEL)
    return Temoin(nom=nom_du_temoin(acteur), navigateur=navigateur.pk, valeur=valeur)


@transaction.atomic
def oublier_navigateurs(*, acteur: Compte, auteur: Agent | str | None = None) -> int:
    """Forget every browser of the actor's own account. Return how many. `auteur`: who does it, where it is not its holder."""
    nombre, _ = NavigateurConnu.objects.filter(compte=acteur).delete()
    consigner(
        actes.NAVIGATEURS_OUBLIES,
        auteur=auteur or acteur,
        espace=getattr(acteur, "espace", None),
        details={"nombre": nombre},
    )
    return nombre


def _empreinte(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
