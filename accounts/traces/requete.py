"""The request under way, for the journal: who calls from where. Empty in jobs and commands."""

import ipaddress
from contextvars import ContextVar
from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest


@dataclass(frozen=True)
class Provenance:
    """Where an act comes from: the client's address and the request's identifier."""

    adresse_ip: str | None = None
    requete: str = ""


provenance: ContextVar[Provenance] = ContextVar("provenance", default=Provenance())  # noqa: B039 - frozen


def adresse_ip(request: HttpRequest, *_: object) -> str:
    """Return the client's IP address, read `settings.PROXYS` hops from the right of X-Forwarded-For (RFC 7239 §8.1).

    With no declared proxy the header is ignored: anybody may write it.
    """
    directe = str(request.META.get("REMOTE_ADDR") or "127.0.0.1")
    if settings.PROXYS:
        etapes = [etape.strip() for etape in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if etape.strip()]
        if len(etapes) >= settings.PROXYS:
            directe = etapes[-settings.PROXYS]
    try:
        return str(ipaddress.ip_address(directe))
    except ValueError:
        return "127.0.0.1" if directe == "" else "0.0.0.0"  # noqa: S104 - an unreadable address, not a bind
