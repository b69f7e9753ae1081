"""The request under way: whose it is, and, for the journal, from where it comes. Empty in jobs and commands."""

import ipaddress
import secrets
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Final

import structlog
from django.conf import settings
from django.http import Http404, HttpRequest

from ..models import Compte
from ..models.sessions_base import MARQUE

type Adresse = ipaddress.IPv4Address | ipaddress.IPv6Address
ILLISIBLE: Final = "0.0.0.0"  # noqa: S104 - an address that cannot be read, which is nobody's: not a bind
log = structlog.get_logger("espacepro.requete")


LONGUEUR_DE_LA_MARQUE: Final = 12
"""Hexadecimal signs of the mark of a session in the journal: 48 bits, compared among the sessions of one account."""


def _sans_session() -> str:
    return ""


@dataclass(frozen=True)
class Provenance:
    """Where an act comes from: the client's address, the request's identifier, and what gives the mark of its session."""

    adresse_ip: str | None = None
    requete: str = ""
    session: Callable[[], str] = _sans_session

    @cached_property
    def nom_de_requete(self) -> str:
        """What the journal's lines of this request bear, the same for all: its identifier, begun by the mark of the session where it has one.

        The mark takes the place of some of its signs: `marque_de_la_ligne` tells them apart, and the seal of the line covers both.
        """
        marque = self.session()
        return f"{marque}-{self.requete.replace('-', '')[LONGUEUR_DE_LA_MARQUE - 3 :][:23]}" if marque else self.requete


def marquer_la_session(request: HttpRequest) -> str:
    """Return the mark of the session that a sign-in opens, drawn where it has none: no key of it, and nothing of its holder."""
    return str(request.session.setdefault(MARQUE, secrets.token_hex(LONGUEUR_DE_LA_MARQUE // 2)))


def marque_de_session(request: HttpRequest) -> str:
    """Return the mark of the session of who is signed in, the same from its sign-in to its end whatever key it takes; "" for a visitor."""
    return str(request.session.get(MARQUE, "")) if compte_connecte(request) is not None else ""


def marque_de_la_ligne(requete: str) -> str:
    """Return the mark of the session that a line of the journal was written in, by what it bears; "" where it has none."""
    marque, tiret, _ = requete.partition("-")
    return marque if tiret and len(marque) == LONGUEUR_DE_LA_MARQUE else ""


provenance: ContextVar[Provenance] = ContextVar("provenance", default=Provenance())  # noqa: B039 - frozen


def compte_connecte(request: HttpRequest) -> Compte | None:
    """Return the account that is signed in, None for a visitor (and before authentication has run)."""
    compte = getattr(request, "user", None)
    return compte if isinstance(compte, Compte) else None


def compte_de(request: HttpRequest) -> Compte:
    """Return the account that is signed in, of a usager or an agent. Raises Http404 for a visitor."""
    compte = compte_connecte(request)
    if compte is None:
        raise Http404
    return compte


D_ICI: Final = frozenset({"", "same-origin", "none"})
"""What `Sec-Fetch-Site` says of a request that no other origin made (W3C Fetch Metadata §2.3): none, or the person himself."""


def faite_par_une_autre_origine(request: HttpRequest) -> bool:
    """Whether a page of another origin had the browser ask for this, of our own domain too: what it asks counts against nobody."""
    return request.headers.get("Sec-Fetch-Site", "") not in D_ICI


def menee_par_un_autre_site(request: HttpRequest) -> bool:
    """Whether the page of another site had the browser ask for this (`Sec-Fetch-Site`, W3C Fetch Metadata §2.3): by a link that the
    person follows, or without his knowing. What follows inside the portal is the person's own, as is what another part of
    impots.gouv.fr links to (`same-site`), and what a browser asks that says nothing.
    """
    return request.headers.get("Sec-Fetch-Site", "") == "cross-site"


def une_adresse(texte: str) -> Adresse:
    """Return an address in its one form, that every counter, network and blocking compares: an IPv4 address that a socket of both
    versions writes as IPv6 (RFC 4291 §2.5.5.2) is that IPv4 address; the zone of a link (RFC 4007 §11) is no part of it.

    Raises: ValueError.
    """
    lue = ipaddress.ip_address(texte)
    if isinstance(lue, ipaddress.IPv6Address):
        return lue.ipv4_mapped or ipaddress.IPv6Address(int(lue))
    return lue


def adresse_ip(request: HttpRequest, *_: object) -> str:
    """Return the client's IP address, read `settings.PROXYS` hops from the right of X-Forwarded-For (RFC 7239 §8.1).

    With no declared proxy the header is ignored: anybody may write it. A hop may be followed by its port (RFC 7239 §6). One that
    cannot be read is ILLISIBLE, which the log says once in a process: nothing is counted of it, everybody may be behind it.
    """
    directe = str(request.META.get("REMOTE_ADDR") or "127.0.0.1")
    if settings.PROXYS:
        etapes = _etapes(request)
        if len(etapes) >= settings.PROXYS:
            directe = etapes[-settings.PROXYS]
    try:
        return str(une_adresse(_sans_port(directe)))
    except ValueError:
        _dire_illisible()
        return ILLISIBLE


def _sans_port(etape: str) -> str:
    """Return the address of a hop: `192.0.2.1:443`, `[2001:db8::1]:443` and `[2001:db8::1]` are followed by a port, or may be."""
    if etape.startswith("["):
        return etape[1:].partition("]")[0]
    return etape.partition(":")[0] if etape.count(":") == 1 else etape


@cache
def _dire_illisible() -> None:
    log.error("adresse_source_illisible", proxys=settings.PROXYS)


def adresse_prouvee(request: HttpRequest) -> str | None:
    """Return the client's address where every declared proxy has written its hop, None where one has not: a door that opens to
    some networks alone takes no other address for it, least of all a proxy's own.
    """
    if not request.META.get("REMOTE_ADDR") and not settings.PROXYS:
        return None
    return adresse_ip(request) if len(_etapes(request)) >= settings.PROXYS else None


def _etapes(request: HttpRequest) -> list[str]:
    return [etape.strip() for etape in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if etape.strip()]
