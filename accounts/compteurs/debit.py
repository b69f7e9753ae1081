"""How many guesses a sign-in allows (design.md §8; CNIL 2022-100: a delay above one minute after 5, at most 25 a day).

django-axes stays the guard in front of every `authenticate()` (its backend comes first, its middleware shows the page
of a refused address); what it counts, and how, is here, for three reasons that its own counters do not meet. They count
after the failure, so that guesses sent together pass together: here a guess is counted before it is tried. They lock a
pair or an account, so that a stranger either is not stopped by changing address or locks somebody out: here the account
has one counter for all strangers, and a browser the account knows (accounts/sessions/navigateurs.py) has its own. And their
lock-out page tells that something is being counted: here a refused guess costs and answers as a wrong password.

The counters: per account (its own key once found, else the one form of the address tried, so an unknown address counts
alike and no spelling has a counter of its own), per known browser, for all the sessions of an account (where the password
is asked again: a session that changes its key gains nothing), per network (an IPv4 address; an IPv6 /64, and its /48 with
higher figures). A success takes back its own guess and nothing else: whoever tries 19 passwords
does not get 19 more when the owner signs in.
"""

import hmac
import ipaddress
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from axes.handlers.base import AxesHandler
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import connection, transaction
from django.http import HttpRequest
from django.utils import timezone

from ..models import Compte, EssaiConnexion
from ..saisies.adresse_saisie import forme_adresse, forme_comptee
from ..sessions.navigateurs import navigateur_connu
from ..traces.requete import adresse_ip, une_adresse
from .essais import essai_compte

FENETRE_DES_ESSAIS = timedelta(hours=24)
PALIER = 0.1  # seconds: a refused sign-in leaves on a multiple of it, whatever the account (references.md C-20)
_ATTRIBUT = "essai_connexion"
# Who counts the same waits here, to the end of the transaction that counted first: in the order of these keys.
_VERROUS = "SELECT pg_advisory_xact_lock(hashtextextended(cle, 0)) FROM unnest(%s::text[]) AS c (cle)"
# The last guesses of each of several counters, as many as its figures look at, the newest first.
_DERNIERS = """
SELECT c.cle, e.quand
  FROM unnest(%s::text[], %s::int[]) AS c (cle, limite)
 CROSS JOIN LATERAL (SELECT quand FROM accounts_essaiconnexion WHERE cle = c.cle AND quand > %s
                      ORDER BY quand DESC LIMIT c.limite) AS e
 ORDER BY c.cle, e.quand DESC
"""


@dataclass(frozen=True)
class Bareme:
    """`libres` guesses without delay; then one minute, doubled every `pas` guesses up to an hour; `limite` in 24 h."""

    libres: int
    pas: int
    limite: int

    def attente(self, essais: int) -> timedelta:
        """Return how long to wait after the last of so many guesses."""
        if essais >= self.limite:
            return FENETRE_DES_ESSAIS
        if essais < self.libres:
            return timedelta(0)
        return min(timedelta(minutes=2 ** min((essais - self.libres) // self.pas, 6)), timedelta(hours=1))

    def libre_le(self, instants: Sequence[datetime]) -> datetime:
        """Return when the next guess may be made, after these, the newest first: at the limit, when the oldest counts no more."""
        if len(instants) >= self.limite:
            return instants[-1] + FENETRE_DES_ESSAIS
        return instants[0] + self.attente(len(instants))

    def fois(self, nombre: int) -> "Bareme":
        """Return the figures of a network that is so many of them."""
        return Bareme(self.libres * nombre, self.pas * nombre, self.limite * nombre)


@dataclass(frozen=True)
class Cadence:
    """`libres` at once in 24 hours, then one each `intervalle`, never none: who asks too much makes nobody else wait longer."""

    libres: int
    intervalle: timedelta
    limite: int = 100  # how many are read at most: it is never full

    def libre_le(self, instants: Sequence[datetime]) -> datetime:
        """Return when the next may be made, after these, the newest first."""
        return instants[0] + self.attente(len(instants))

    def fois(self, nombre: int) -> "Cadence":
        """Return the figures of a network that is so many of them."""
        return Cadence(self.libres * nombre, self.intervalle / nombre, self.limite * nombre)

    def attente(self, essais: int) -> timedelta:
        """Return how long to wait after the last of so many."""
        return self.intervalle if essais >= self.libres else timedelta(0)


COMPTE = Bareme(libres=5, pas=1, limite=20)
RESEAU = Bareme(libres=30, pas=10, limite=300)
# A password that we drew for an agent (123 bits) is not guessed: whatever strangers try at it makes nobody wait. Each of their
# networks has its own limit, and ten thousand a second for a century would be one chance in 10^23.
PREMIER = Cadence(libres=1, intervalle=timedelta(0))
RESEAUX_IPV6 = ((64, 1), (48, 4))  # the prefix counted, and how many times the figures of one /64 it allows


@dataclass
class Essai:
    """One try of a password in this request."""

    debut: float
    adresse: str = ""
    compte: Compte | None = None  # whom this address is of, read once for all that follows
    comptes: tuple[int, ...] = ()  # what was counted for this try
    refuse: bool = False
    manque: bool = False


def empreinte(quoi: str, valeur: str) -> str:
    """Return the key of a counter: an HMAC, so that the table names nobody.

    Keyed from POIVRE, which never turns: whoever makes the sessions of the portal end, by turning SECRET_KEY after an
    attack, must not give the attacker all the guesses back.
    """
    cle = hmac.digest(settings.POIVRE.encode(), b"debit|compteurs", "sha256")
    return hmac.new(cle, f"debit|{quoi}|{valeur}".encode("utf-8", "surrogatepass"), "sha256").hexdigest()


def cle_compte(compte: Compte) -> str:
    """Return the counter of an account for strangers: however its address is typed, and whatever it becomes."""
    return empreinte("compte", str(compte.pk))


def cles_reseau(adresse: str) -> list[tuple[str, int]]:
    """Return the counters of an address, the narrowest first, each with how many times the figures of one it allows.

    The address itself in IPv4, its /64 in IPv6; a subscriber has a /56 or a /48, thus many /64: the /48 has a counter too.
    """
    ip = une_adresse(adresse)
    if ip.version == 6:
        reseaux = [(ipaddress.ip_network(f"{ip}/{prefixe}", strict=False), fois) for prefixe, fois in RESEAUX_IPV6]
        return [(empreinte("reseau", str(reseau)), fois) for reseau, fois in reseaux]
    return [(empreinte("reseau", str(ip)), 1)]


def reserver_reseau(
    quoi: str, adresse: str, bareme: Bareme | Cadence, maintenant: datetime | None = None
) -> list[int] | None:
    """Count one `quoi` of the networks of this address and return the ids; None, nothing counted, when one must wait."""
    return reserver_ensemble(
        [(empreinte(quoi, cle), bareme.fois(fois)) for cle, fois in cles_reseau(adresse)], maintenant
    )


def reserver(cle: str, bareme: Bareme | Cadence, maintenant: datetime | None = None) -> int | None:
    """Count one guess of this counter and return its id; None when it must wait. Guesses sent together queue here."""
    essais = reserver_ensemble([(cle, bareme)], maintenant)
    return None if essais is None else essais[0]


@transaction.atomic(savepoint=False)
def reserver_ensemble(
    compteurs: Sequence[tuple[str, Bareme | Cadence]], maintenant: datetime | None = None, *, attendre: bool = True
) -> list[int] | None:
    """Count one of each of these counters and return the ids; None, nothing counted, when one of them must wait.

    Not `attendre`: it queues behind nobody who counts the same, for an act that counts several in an order of its own, where
    two such acts would wait for one another. What is counted at the same instant may then pass together: mails, never guesses.
    """
    libres, maintenant = _interroger(compteurs, maintenant, attendre=attendre)
    return _compter([cle for cle, _ in compteurs], maintenant) if all(libres) else None


def _interroger(
    compteurs: Sequence[tuple[str, Bareme | Cadence]], maintenant: datetime | None = None, *, attendre: bool = True
) -> tuple[list[bool], datetime]:
    """Lock these counters, in this order and to the end of the transaction (not `attendre`: lock nothing); return which may
    count one more, and the moment.
    """
    cles = [cle for cle, _ in compteurs]
    with connection.cursor() as curseur:
        if attendre:
            curseur.execute(_VERROUS, [cles])
        maintenant = maintenant or timezone.now()
        curseur.execute(_DERNIERS, [cles, [bareme.limite for _, bareme in compteurs], maintenant - FENETRE_DES_ESSAIS])
        instants: dict[str, list[datetime]] = {}
        for cle, quand in curseur.fetchall():
            instants.setdefault(cle, []).append(quand)
    libres = [
        bareme.limite > 0 and (not instants.get(cle) or bareme.libre_le(instants[cle]) <= maintenant)
        for cle, bareme in compteurs
    ]
    return libres, maintenant


def _compter(cles: list[str], maintenant: datetime) -> list[int]:
    """Count one of each of these counters, in one statement; return the ids."""
    with connection.cursor() as curseur:
        curseur.execute(
            "INSERT INTO accounts_essaiconnexion (cle, quand) SELECT unnest(%s::text[]), %s RETURNING id",
            [cles, maintenant],
        )
        return [numero for (numero,) in curseur.fetchall()]


def attente_restante(cle: str, bareme: Bareme | Cadence, maintenant: datetime | None = None) -> timedelta:
    """Return how long this counter must still wait; nothing when a guess may be made."""
    maintenant = maintenant or timezone.now()
    instants = list(
        EssaiConnexion.objects.filter(cle=cle, quand__gt=maintenant - FENETRE_DES_ESSAIS)
        .order_by("-quand")
        .values_list("quand", flat=True)[: bareme.limite]
    )
    if not instants:
        return timedelta(0)
    return max(timedelta(0), bareme.libre_le(instants) - maintenant)


def nombre(cle: str, maintenant: datetime | None = None) -> int:
    """Return how many guesses this counter holds."""
    maintenant = maintenant or timezone.now()
    return EssaiConnexion.objects.filter(cle=cle, quand__gt=maintenant - FENETRE_DES_ESSAIS).count()


def dater(cle: str, cadence: Cadence, maintenant: datetime) -> datetime:
    """Count one and return when it may be: at once, or at the next time this counter gives, which all who wait share."""
    return dater_ensemble([cle], cadence, maintenant)[cle]


@transaction.atomic
def dater_ensemble(cles: Iterable[str], cadence: Cadence, maintenant: datetime) -> dict[str, datetime]:
    """Count one of each of these counters, in three statements, and return when each may be, as `dater` does."""
    voulues = sorted(set(cles))  # in one order: two who date the same counters wait for one another, and never both
    with connection.cursor() as curseur:
        curseur.execute(_VERROUS, [voulues])
    lus: dict[str, list[datetime]] = {cle: [] for cle in voulues}
    for cle, quand in (
        EssaiConnexion.objects.filter(cle__in=voulues, quand__gt=maintenant - FENETRE_DES_ESSAIS)
        .order_by("quand")
        .values_list("cle", "quand")
    ):
        lus[cle].append(quand)
    departs, neufs = {}, []
    for cle, instants in lus.items():
        attendu = next((instant for instant in instants if instant > maintenant), None)
        if len(instants) >= cadence.libres and attendu is not None:
            departs[cle] = attendu
            continue
        departs[cle] = (
            maintenant
            if len(instants) < cadence.libres
            else max(maintenant, instants[-1] + cadence.attente(len(instants)))
        )
        neufs.append(EssaiConnexion(cle=cle, quand=departs[cle]))
    EssaiConnexion.objects.bulk_create(neufs)
    return departs


def est_date(cle: str, quand: datetime) -> bool:
    """Whether this counter has one at this very moment."""
    return EssaiConnexion.objects.filter(cle=cle, quand=quand).exists()


def rendre(reservation: int | None) -> None:
    """Take one guess back: it was right, or was not tried."""
    if reservation is not None:
        EssaiConnexion.objects.filter(pk=reservation).delete()


def oublier(cles: Iterable[str]) -> None:
    """Empty these counters."""
    EssaiConnexion.objects.filter(cle__in=list(cles)).delete()


def oublier_essais(compte: Compte) -> None:
    """Forget the guesses at the former password of this account, whoever made them: the holder has just proved to be it.

    What strangers guess from now on counts anew, against a password that they have not tried.
    """
    cles = [cle_compte(compte), empreinte("session", str(compte.pk))]
    cles += [empreinte("navigateur", str(pk)) for pk in compte.navigateurs.values_list("pk", flat=True)]
    EssaiConnexion.objects.filter(cle__in=cles).delete()


def essai_de(request: HttpRequest | None) -> Essai | None:
    """Return the try of a password that this request holds."""
    return getattr(request, _ATTRIBUT, None)


def reussir(request: HttpRequest | None) -> None:
    """The password was right: the guess does not count. Within the transaction that opens the session, where there is one."""
    essai = essai_de(request)
    if essai is not None and essai.comptes:
        with connection.cursor() as curseur:
            curseur.execute("DELETE FROM accounts_essaiconnexion WHERE id = ANY(%s)", [list(essai.comptes)])
        essai.comptes = ()


def attendre_le_palier(essai: Essai) -> None:
    """Sleep until the next multiple of PALIER since the try began: what was compared does not show in the time."""
    passe = time.monotonic() - essai.debut
    time.sleep(PALIER - passe % PALIER)


def effacer_perimes(maintenant: datetime | None = None) -> int:
    """Delete the guesses that count no more. Return how many."""
    effaces, _ = EssaiConnexion.objects.filter(quand__lte=(maintenant or timezone.now()) - FENETRE_DES_ESSAIS).delete()
    return effaces


class GardienEssais(AxesHandler):
    """AXES_HANDLER: django-axes asks before each try and tells of each failure; the counting is this module's."""

    def is_allowed(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> bool:
        """Whether the password may be compared. A refused account spends the time of a comparison all the same."""
        adresse = (credentials or {}).get("username")
        if not adresse:
            return True
        essai = Essai(debut=time.monotonic(), adresse=adresse)
        setattr(request, _ATTRIBUT, essai)
        cle, bareme, connu = _compteur(request, essai)
        reseaux = [] if connu else [(cle, RESEAU.fois(fois)) for cle, fois in cles_reseau(adresse_ip(request))]
        with essai_compte():
            # Before the comparison, so that guesses sent together do not pass together.
            (*de_reseau, libre), maintenant = _interroger([*reseaux, (cle, bareme)])
            essai.refuse = not (all(de_reseau) and libre)
            if all(de_reseau):
                # Refused by the account's counter, a line is written all the same, which counts not: the same work.
                compte = cle if libre else empreinte("refus", cle)
                essai.comptes = tuple(_compter([*(cle for cle, _ in reseaux), compte], maintenant))
        if not all(de_reseau):
            request.axes_locked_out = True  # type: ignore[attr-defined]  # AxesMiddleware then shows the page
            return False
        if not libre:
            essai.manque = True
            # A server under load takes more than one PALIER: the time then shows the work, which must be the same.
            make_password((credentials or {}).get("password") or "")
            return False
        return True

    def user_login_failed(
        self, sender: Any, credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any
    ) -> None:
        """Let the failure count: also that of a form which refuses what the password had opened."""
        essai = essai_de(request)
        if essai is not None and not essai.refuse:
            essai.manque = True


def _compteur(request: HttpRequest, essai: Essai) -> tuple[str, Bareme | Cadence, bool]:
    """Return the counter of this try, its figures, and whether it is one of a browser or a session that the account knows."""
    adresse = forme_adresse(essai.adresse)
    forme = forme_comptee(essai.adresse) if adresse is None else adresse
    compte = Compte.objects.a_la_connexion(forme)
    if compte is not None:
        essai.compte = None if adresse is None else compte  # what only looks like its address opens nothing
        if getattr(request, "user", None) == compte and request.session.session_key:
            return empreinte("session", str(compte.pk)), COMPTE, True
        navigateur = navigateur_connu(request, compte)
        if navigateur is not None:
            return empreinte("navigateur", str(navigateur.pk)), COMPTE, True
        if compte.is_staff and compte.renouvellement_exige:  # accounts/gestion/agents.py alone sets it for an agent
            return empreinte("premier", str(compte.pk)), PREMIER, False
        return cle_compte(compte), COMPTE, False
    return empreinte("compte", forme), COMPTE, False
