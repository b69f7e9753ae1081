"""The journal: one line per act, in the act's own transaction (design.md §3, CNIL 2021-122)."""

from typing import Any

from django.db import connection

from ..models import Agent, Compte, Espace, Evenement
from .requete import provenance


def auteur_de(acteur: Espace | Agent | Compte | str) -> str:
    """Return how the journal names who acts: a numéro d'abonné, `agent:<id>`, or the given `systeme:…` name."""
    if isinstance(acteur, Espace):
        return acteur.numero_abonne
    if isinstance(acteur, Agent):
        return f"agent:{acteur.pk}"
    if isinstance(acteur, Compte):
        return acteur.espace.numero_abonne if hasattr(acteur, "espace") else f"compte:{acteur.pk}"
    return acteur


def consigner(
    acte: str,
    *,
    auteur: Espace | Agent | Compte | str,
    espace: Espace | None = None,
    siren: str = "",
    service: str = "",
    details: dict[str, Any] | None = None,
) -> Evenement:
    """Write one line of the journal and return it. Must run inside the act's transaction.

    `acte` is a stable code (`adhesion.ouverte`), `siren` and `service` are plain codes, `details` holds JSON values
    without any secret or tax datum. Raises RuntimeError outside a transaction: a line must live and die with its act.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("consigner() must run in the transaction of the act that it tells")
    origine = provenance.get()
    return Evenement.objects.create(
        acte=acte,
        auteur=auteur_de(auteur),
        espace=espace.numero_abonne if espace else (auteur.numero_abonne if isinstance(auteur, Espace) else ""),
        siren=siren,
        service=service,
        adresse_ip=origine.adresse_ip,
        requete=origine.requete,
        details=details or {},
    )
