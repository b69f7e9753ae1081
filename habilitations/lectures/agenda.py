"""The dates as a file for calendars (RFC 5545)."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings

from services.models import Echeance

LIGNE = 75  # octets, RFC 5545 §3.1


def en_ics(echeances: Iterable[Echeance], *, maintenant: datetime) -> bytes:
    """Return the calendar of these dates: whole days, of the services alone, without the name of any company."""
    hote = urlsplit(settings.SITE_URL).hostname
    lignes = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        f"PRODID:-//{hote}//Espace professionnel//FR",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
    ]
    for echeance in echeances:
        description = " ".join(filter(None, ("Date indicative.", echeance.condition)))
        lignes += [
            "BEGIN:VEVENT",
            f"UID:{echeance.service.code.lower()}-{echeance.jour:%Y%m%d}-{echeance.pk}@{hote}",
            f"DTSTAMP:{maintenant.astimezone(UTC):%Y%m%dT%H%M%SZ}",
            f"DTSTART;VALUE=DATE:{echeance.jour:%Y%m%d}",
            f"DTEND;VALUE=DATE:{echeance.jour + timedelta(days=1):%Y%m%d}",
            f"SUMMARY:{_texte(f'{echeance.libelle} ({echeance.service.libelle})')}",
            f"DESCRIPTION:{_texte(description)}",
            "TRANSP:TRANSPARENT",
            "END:VEVENT",
        ]
    lignes.append("END:VCALENDAR")
    return "".join(f"{pliee}\r\n" for ligne in lignes for pliee in _plier(ligne)).encode()


def _texte(texte: str) -> str:
    """Escape what RFC 5545 §3.3.11 gives a meaning."""
    for signe in ("\\", ";", ","):
        texte = texte.replace(signe, f"\\{signe}")
    return texte.replace("\n", "\\n")


def _plier(ligne: str) -> Iterator[str]:
    """Cut a line at 75 octets, never inside a character; the rest begins with a space."""
    morceau = ""
    for signe in ligne:
        if len((morceau + signe).encode()) > LIGNE:
            yield morceau
            morceau = " "
        morceau += signe
    yield morceau
