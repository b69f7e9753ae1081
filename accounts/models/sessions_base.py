"""The session engine (SESSION_ENGINE): Django's database store, over a table that a person can read and that opens nothing.

The table keeps the SHA-256 of the key (the key has 165 random bits, so nothing slower is needed), and, copied from the
session's data at each save: whose it is, when it was opened and last used, from where and with what.
"""

import hashlib
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import VALID_KEY_CHARS, CreateError, UpdateError
from django.contrib.sessions.backends.db import SessionStore as MagasinDjango
from django.contrib.sessions.exceptions import SessionInterrupted
from django.db import DatabaseError, IntegrityError, connection
from django.utils import timezone
from django.utils.crypto import get_random_string

from . import Session
from .constante import Colonnes, lire_une_ligne

DERNIERE_ACTIVITE = "derniere_activite"  # seconds since 1970
OUVERTE = "ouverte_a"  # seconds since 1970
MARQUE = (
    "marque"  # what the journal names this session by: drawn at its sign-in, no key of it (accounts/traces/requete.py)
)
NAVIGATEUR = "navigateur"  # the browser that this session has made known: a verification that is missed forgets it
PROVENANCE = "provenance"  # accounts.sessions.appareils.Appareil, as a dict


# What a save of a session writes of its row: not its key, nor what others write there.
_SIENNES = [
    champ.name
    for champ in Session._meta.concrete_fields
    if not champ.primary_key and champ.name not in {"verification", "verifiee_le"}
]
_COLONNES = Colonnes(Session, "s")
_LIRE = f"SELECT {_COLONNES.sql} FROM accounts_session s WHERE s.session_key = %s AND s.expire_date > %s"  # noqa: S608  # nosec B608 - our own columns
_RETIRER = "DELETE FROM accounts_session WHERE session_key = %s RETURNING verification, verifiee_le"


def empreinte(cle: str) -> str:
    """Return what the table keeps of a session key: its SHA-256, in hexadecimal."""
    return hashlib.sha256(cle.encode()).hexdigest()


class SessionStore(MagasinDjango):
    """Sessions in `accounts_session`, found by the hash of their key."""

    _a_creer = False  # the key is new: its row is made by the next save
    _enregistre: tuple[str | None, str] | None = None  # the key and the data of the last save
    verification: uuid.UUID | None = None  # what the row says of its verification, as it was read
    verifiee_le: datetime | None = None

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def _get_session_from_db(self) -> Session | None:
        ligne = lire_une_ligne(_LIRE, [empreinte(self.session_key or ""), timezone.now()])
        lue = _COLONNES.objet(ligne) if ligne is not None else None
        if lue is None:
            self._session_key = None
            return None
        self.verification, self.verifiee_le = lue.verification, lue.verifiee_le
        return lue

    def exists(self, session_key: str) -> bool:
        return Session.objects.filter(session_key=empreinte(session_key)).exists()

    def cycle_key(self) -> None:
        """Give the session a new key; its row is written once, by the save that ends the request or the sign-in.

        Raises: SessionInterrupted.
        """
        self._get_session()  # type: ignore[attr-defined]  # not in the stubs: the data are kept
        self._emporter_la_marque()
        self._session_key = _nouvelle_cle()
        self._a_creer = self.modified = True

    def _emporter_la_marque(self) -> None:
        """Delete the row, in the statement that says whether somebody has asked a verification of it meanwhile.

        A session of an account whose row is gone was closed meanwhile: it is not born again. Raises: SessionInterrupted.
        """
        if not self.session_key:
            return
        with connection.cursor() as curseur:
            curseur.execute(_RETIRER, [empreinte(self.session_key)])
            if (marque := curseur.fetchone()) is not None:
                self.verification, self.verifiee_le = marque
            elif SESSION_KEY in self and not self._a_creer:
                self.modified = True  # so that the end of the request asks for its row, and sends to the sign-in
                raise SessionInterrupted("This session was closed meanwhile.")

    def flush(self) -> None:
        """Begin another session: what was asked of the former one is not asked of it."""
        super().flush()
        self.verification = self.verifiee_le = None

    def create(self) -> None:
        """Write a session under a new key: 165 random bits are not looked up first, the unique index answers."""
        self._session_key = _nouvelle_cle()
        self.save(must_create=True)
        self.modified = True

    def save(self, must_create: bool = False) -> None:
        """Write the session in one statement, none when nothing changed since the last. Raises: CreateError, UpdateError."""
        if self.session_key is None:
            self.create()
            return
        donnees = self._get_session(no_load=must_create)  # type: ignore[attr-defined]
        creer = must_create or self._a_creer
        ecrit = self.session_key, self.serializer().dumps(donnees).decode("latin-1")
        if not creer and ecrit == self._enregistre:
            return
        try:
            ligne = self.create_model_instance(donnees)
            ligne.save(force_insert=True) if creer else ligne.save(force_update=True, update_fields=_SIENNES)
        except IntegrityError as erreur:
            raise CreateError from erreur
        except DatabaseError as erreur:
            if creer:
                raise
            raise UpdateError from erreur
        self._a_creer, self._enregistre = False, ecrit

    def delete(self, session_key: str | None = None) -> None:
        cle = session_key or self.session_key
        if cle:
            Session.objects.filter(session_key=empreinte(cle)).delete()

    def get_expiry_date(self, **kwargs: Any) -> datetime:
        """Return the end of the session: so long after it was opened, whatever its use (design.md §8)."""
        ouverte = self.get(OUVERTE)
        if ouverte is None:
            return super().get_expiry_date(**kwargs)
        return _instant(ouverte) + timedelta(seconds=settings.SESSION_COOKIE_AGE)

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        maintenant = timezone.now()
        provenance = data.get(PROVENANCE, {})
        champs = {nom: provenance.get(nom, "") for nom in ("pays", "navigateur", "systeme", "appareil")}
        cle: str = self._get_or_create_session_key()  # type: ignore[attr-defined]  # not in the stubs
        return Session(
            session_key=empreinte(cle),
            numero=uuid.UUID(empreinte(f"numero|{cle}")[:32]),  # its name on the pages, which tells nothing of the key
            session_data=self.encode(data),
            expire_date=self.get_expiry_date(),
            compte_id=data.get(SESSION_KEY),
            ouverte_le=_instant(data[OUVERTE]) if OUVERTE in data else maintenant,
            dernier_usage=_instant(data[DERNIERE_ACTIVITE]) if data.get(DERNIERE_ACTIVITE) else maintenant,
            adresse_ip=provenance.get("adresse_ip"),
            verification=self.verification,
            verifiee_le=self.verifiee_le,
            **champs,
        )


def _nouvelle_cle() -> str:
    return get_random_string(32, VALID_KEY_CHARS)


def _instant(secondes: float) -> datetime:
    return datetime.fromtimestamp(secondes, tz=UTC)
