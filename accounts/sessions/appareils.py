"""What a request tells of the browser, the device and the place it comes from (references.md E.2)."""

import ipaddress
from dataclasses import asdict, dataclass
from functools import lru_cache

import iptocc
from django.http import HttpRequest
from ua_parser import parse

from ..traces.requete import adresse_ip, une_adresse

LONGUEUR_DES_NOMS = 60
AGENT_LONGUEUR = 400  # longer headers are cut before they are parsed
_DECRIT = "appareil_decrit"


@dataclass(frozen=True)
class Appareil:
    """Where a request comes from: address, network (/24 or /64), country of assignment, browser, system, device."""

    adresse_ip: str
    reseau: str
    pays: str
    navigateur: str
    systeme: str
    appareil: str

    def en_dict(self) -> dict[str, str]:
        return asdict(self)


def decrire(request: HttpRequest) -> Appareil:
    """Return what is known of this request's browser and place, looked up once; empty strings for what is not."""
    connu: Appareil | None = request.__dict__.get(_DECRIT)
    if connu is None:
        connu = request.__dict__[_DECRIT] = _decrire(request)
    return connu


def _decrire(request: HttpRequest) -> Appareil:
    adresse = adresse_ip(request)
    navigateur, systeme, appareil = _lire_agent(str(request.META.get("HTTP_USER_AGENT", ""))[:AGENT_LONGUEUR])
    return Appareil(
        adresse_ip=adresse,
        reseau=reseau(adresse),
        pays=iptocc.country_code(adresse) or "",
        navigateur=navigateur,
        systeme=systeme,
        appareil=appareil,
    )


def reseau(adresse: str) -> str:
    """Return the network an address belongs to for most purposes: IPv4 /24, IPv6 /64 (one subscriber)."""
    ip = une_adresse(adresse)
    return str(ipaddress.ip_network(f"{ip}/{24 if ip.version == 4 else 64}", strict=False))


@lru_cache(maxsize=1024)
def _lire_agent(agent: str) -> tuple[str, str, str]:
    lu = parse(agent)
    navigateur = f"{lu.user_agent.family} {lu.user_agent.major or ''}".strip() if lu.user_agent else ""
    systeme = f"{lu.os.family} {lu.os.major or ''}".strip() if lu.os else ""
    return (
        navigateur[:LONGUEUR_DES_NOMS],
        systeme[:LONGUEUR_DES_NOMS],
        lu.device.family[:LONGUEUR_DES_NOMS] if lu.device else "",
    )
