"""The mails that the demonstration's catcher received: a Maildir, read and never written here."""

import email
import mailbox
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import default as politique
from email.utils import parsedate_to_datetime
from pathlib import Path

_NOM = re.compile(r"(\d+)(?:\.M(\d+)P\d+Q(\d+))?")


@dataclass(frozen=True)
class PieceRecue:
    """One attachment; `rang` is its place in the mail, from 0."""

    rang: int
    nom: str
    type: str
    octets: bytes


@dataclass(frozen=True)
class CourrielRecu:
    """One mail as a page shows it."""

    cle: str
    sujet: str
    de: str
    a: str
    date: datetime | None
    entetes: tuple[tuple[str, str], ...]
    texte: str
    html: str
    pieces: tuple[PieceRecue, ...]


class BoiteDemonstration:
    """The Maildir of the catcher, newest mail first."""

    def __init__(self, dossier: Path) -> None:
        self._dossier = dossier

    def cles(self) -> list[str]:
        """Return the keys of all mails, newest first (a Maildir name starts with its instant of arrival)."""
        return sorted(self._cles(), key=_instant, reverse=True)

    def lire(self, cle: str) -> CourrielRecu:
        """Return one mail. Raises: KeyError."""
        if cle not in self._cles():
            raise KeyError(cle)
        return _lire(cle, self._boite().get_bytes(cle))

    def _boite(self) -> mailbox.Maildir:
        return mailbox.Maildir(self._dossier, create=False)

    def _cles(self) -> list[str]:
        return self._boite().keys() if (self._dossier / "new").is_dir() else []


def _instant(cle: str) -> tuple[int, int, int, str]:
    """Return the second, the microsecond and the rank that a Maildir name says, to be compared as numbers."""
    lu = _NOM.match(cle)
    seconde, micro, rang = (int(nombre or 0) for nombre in lu.groups()) if lu else (0, 0, 0)
    return seconde, micro, rang, cle


def _lire(cle: str, octets: bytes) -> CourrielRecu:
    message = email.message_from_bytes(octets, _class=EmailMessage, policy=politique)
    texte, html = message.get_body(("plain",)), message.get_body(("html",))
    pieces = tuple(
        PieceRecue(rang, piece.get_filename() or f"piece-{rang + 1}", piece.get_content_type(), _octets(piece))
        for rang, piece in enumerate(message.iter_attachments())
    )
    return CourrielRecu(
        cle=cle,
        sujet=str(message["Subject"] or ""),
        de=str(message["From"] or ""),
        a=str(message["To"] or message["X-RcptTo"] or ""),
        date=_date(message),
        entetes=tuple((nom, str(valeur)) for nom, valeur in message.items()),
        texte=texte.get_content() if texte else "",
        html=html.get_content() if html else "",
        pieces=pieces,
    )


def _octets(piece: EmailMessage) -> bytes:
    contenu = piece.get_payload(decode=True)
    return contenu if isinstance(contenu, bytes) else piece.as_bytes()


def _date(message: EmailMessage) -> datetime | None:
    try:
        quand = parsedate_to_datetime(message["Date"])
    except (TypeError, ValueError):
        return None
    return (
        quand if quand.tzinfo else quand.replace(tzinfo=UTC)
    )  # « -0000 » is UTC, and no zone to Python (RFC 5322 §3.3)
