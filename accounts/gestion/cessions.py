"""The companies that an office gave to another: what its own page keeps of them, once their journal is the other's to read."""

from typing import Final

from django.db.models import QuerySet
from django.db.models.fields.json import KT

from ..models import Evenement, ServiceGestionnaire
from ..traces.actes import Acte

MONTREES: Final = 20  # moves
_CESSIONS: list[Acte] = []


def inscrire_cession(acte: Acte) -> None:
    """Add an act whose details say from which office (`de`) to which (`vers`) a company went, and why (`motif`)."""
    _CESSIONS.append(acte)


def toutes_les_cessions_de(service: ServiceGestionnaire) -> QuerySet[Evenement]:
    """Return the moves away from this office, by the index of what offices gave away."""
    codes = [acte.code for acte in _CESSIONS]
    parties = Evenement.objects.alias(de=KT("details__de")).filter(details__has_key="de", de=service.code)
    return parties.filter(acte__in=codes).order_by("-pk")


def cessions_de(service: ServiceGestionnaire) -> list[Evenement]:
    """Return the last moves away from this office, the newest first: one query."""
    return list(toutes_les_cessions_de(service)[:MONTREES])


def vers_quels_services(cessions: list[Evenement]) -> dict[str, str]:
    """Return the names of the offices that received them, by their code."""
    codes = {cession.details["vers"] for cession in cessions}
    return dict(ServiceGestionnaire.objects.filter(code__in=codes).values_list("code", "nom"))
