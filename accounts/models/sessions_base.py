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
from django.contrib.sessions.backends.db import SessionStore as MagasinDjango
from django.core.exceptions import SuspiciousOperation
from django.utils import timezone

from . import Session

DERNIERE_ACTIVITE = "derniere_activite"  # seconds since 1970
OUVERTE = "ouverte_a"  # seconds since 1970
PROVENANCE = "provenance"  # accounts.sessions.appareils.Appareil, as a dict


def empreinte(cle: str) -> str:
    """Return what the table keeps of a session key: its SHA-256, in hexadecimal."""
    return hashlib.sha256(cle.encode()).hexdigest()


class SessionStore(MagasinDjango):
    """Sessions in `accounts_session`, found by the hash of their key."""

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def _get_session_from_db(self) -> Session | None:
        try:
            return Session.objects.get(session_key=empreinte(self.session_key or ""), expire_date__gt=timezone.now())
        except (Session.DoesNotExist, SuspiciousOperation):
            self._session_key = None
            return None

    def exists(self, session_key: str) -> bool:
        return Session.objects.filter(session_key=empreinte(session_key)).exists()

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
            **champs,
        )


def _instant(secondes: float) -> datetime:
    return datetime.fromtimestamp(secondes, tz=UTC)
