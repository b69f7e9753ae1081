"""From where an agent may come: the networks of the administration, and the agents' own host name (issue 14, item 6)."""

import ipaddress
from functools import cache

from django.conf import settings
from django.http import HttpRequest
from django.http.request import split_domain_port

from ..traces.requete import adresse_prouvee, une_adresse

type Reseau = ipaddress.IPv4Network | ipaddress.IPv6Network


@cache
def _reseaux(declares: tuple[str, ...]) -> list[Reseau]:
    """Return the networks that can be read: one that cannot opens nothing (the system check says which)."""
    lus: list[Reseau] = []
    for declare in declares:
        try:
            lus.append(ipaddress.ip_network(declare))
        except ValueError:
            continue
    return lus


def d_un_reseau_d_agents(request: HttpRequest) -> bool:
    """Whether the client's address is of a network from which agents work; where none is declared, all are.

    An address that cannot be read, or that a declared proxy did not write, is of none.
    """
    if not settings.RESEAUX_AGENTS:
        return True
    lue = adresse_prouvee(request)
    if lue is None:
        return False
    adresse = une_adresse(lue)
    return any(adresse in reseau for reseau in _reseaux(tuple(settings.RESEAUX_AGENTS)))


def a_l_hote_des_agents(request: HttpRequest) -> bool:
    """Whether the request came by the agents' own host name; where none is configured, both are one."""
    return not settings.ADMIN_HOST or est_l_hote_des_agents(request)


def est_l_hote_des_agents(request: HttpRequest) -> bool:
    """Whether there is an agents' own host name, and the request came by it."""
    return bool(settings.ADMIN_HOST) and split_domain_port(request.get_host())[0] == settings.ADMIN_HOST


def peut_etre_un_agent(request: HttpRequest) -> bool:
    """Whether an agent may sign in by this request: from such a network, by that host name."""
    return a_l_hote_des_agents(request) and d_un_reseau_d_agents(request)
