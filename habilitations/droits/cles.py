"""Finding rows from the keys of one's own, inside the statement: neither thousands of keys sent, nor the country read.

`adhesion IN (SELECT …)` leaves PostgreSQL free to read all délégations and keep those that are in the list (1.67 million
entries at 5 million habilitations). `adhesion = ANY (ARRAY (SELECT …))` reads the keys first, then each by its index.
"""

from collections.abc import Collection
from typing import Any, Final

from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import ArrayField
from django.db.models import BooleanField, F, Func, Model, OuterRef, Q, QuerySet, Subquery, TextField

from accounts.models import Espace
from services.models import PersonneSirenisee, Service

from ..models import Habilitation, Role

CLES_AU_PLUS: Final = 100
"""Beyond, keys are not sent: all that the espace holds is read, and what is asked for is picked out."""


class _EgaleAUne(Func):
    template = "(%(expressions)s))"
    arg_joiner = " = ANY ("
    output_field = BooleanField()
    conditional = True


class _UneDeCelles(Func):
    """`IN` that PostgreSQL does not turn into a join: it reads the keys once, and looks each row up among them."""

    template = "(%(expressions)s) IS TRUE"
    arg_joiner = " IN "
    output_field = BooleanField()
    conditional = True


def parmi(colonne: str, cles: QuerySet[Any, Any]) -> _EgaleAUne:
    """Return the condition that this column is one of the values of this queryset of one column."""
    return _EgaleAUne(F(colonne), ArraySubquery(cles.order_by()))


def sous(siennes: QuerySet[Habilitation], colonne: str = "adhesion", cle: str = "adhesion") -> Q:
    """Return the condition that a habilitation is on one of the adhésions of these (or hangs under one: `accordee_par`, `pk`).

    Looked for in their personnes, of which an espace has 100 where it has 3,000 adhésions; then picked out of a list read once.
    By two lists of personnes: PostgreSQL then reads a map of the pages, each page once (as `Autorite.visibles`).
    """
    siennes = siennes.order_by()
    en_titre, autres = siennes.filter(role=Role.TITULAIRE), siennes.exclude(role=Role.TITULAIRE)
    des_leurs = Q(parmi("personne", en_titre.values("personne"))) | Q(parmi("personne", autres.values("personne")))
    return des_leurs & Q(_UneDeCelles(F(colonne), Subquery(siennes.values(cle))))


class _Ensemble(Func):
    """Some texts of one row as one value."""

    template = "ARRAY[%(expressions)s]"
    output_field = ArrayField(TextField())


def textes_de(modele: type[Model], cle: str, *textes: str) -> Subquery:
    """Return these texts of the row that the column `cle` names, read once for them all: it sorts as they do one after the other.

    For what is grouped by that column: a join reads the row for each line of the group.
    """
    nomme = modele._default_manager.filter(pk=OuterRef(cle))
    return Subquery(nomme.values(dit=_Ensemble(*textes)), output_field=ArrayField(TextField()))


def nommees(habilitations: QuerySet[Habilitation]) -> list[Habilitation]:
    """Return these in ORDRE with their espace, personne and service, each of those read once: four queries.

    For thousands: a join reads the three rows for each of them.
    """
    seules = habilitations.select_related(None).order_by()
    lues = list(seules)
    personnes = {
        personne.pk: (rang, personne)
        for rang, personne in enumerate(
            PersonneSirenisee.objects.filter(pk__in={h.personne_id for h in lues}).order_by("denomination", "siren")
        )
    }
    services = {
        service.pk: (rang, service)
        for rang, service in enumerate(
            Service.objects.filter(pk__in={h.service_id for h in lues}).order_by("ordre", "code")
        )
    }
    espaces = en_ordre(seules) if lues else {}
    gardees = [h for h in lues if h.espace_id in espaces]  # whoever came in between is not named
    for h in gardees:
        h.personne, h.service, h.espace = (
            personnes[h.personne_id][1],
            services[h.service_id][1],
            espaces[h.espace_id][1],
        )
    return sorted(
        gardees, key=lambda h: (personnes[h.personne_id][0], services[h.service_id][0], espaces[h.espace_id][0], h.pk)
    )


def en_ordre(habilitations: QuerySet[Habilitation]) -> dict[Any, tuple[int, Espace]]:
    """Return who holds these, by key, with the rank of his name, the same for a same name: one query, no key is sent."""
    rang, nom, ranges = 0, None, {}
    tenues = habilitations.select_related(None).order_by().values("espace").distinct()
    for espace in Espace.objects.filter(parmi("pk", tenues)).order_by("nom"):
        rang += espace.nom != nom
        nom = espace.nom
        ranges[espace.pk] = (rang, espace)
    return ranges


def accordees_sous(
    habilitations: QuerySet[Habilitation], espace: Espace, *, personnes: Collection[int] | None = None
) -> QuerySet[Habilitation]:
    """Narrow to what this espace granted, found on the adhésions of what it holds (of these personnes, where they are given).

    What is live hangs under what is live, on the same adhésion (triggers of habilitations/0002).
    """
    siennes = Habilitation.objects.vivantes().filter(espace=espace).order_by()
    if personnes is not None:
        siennes = siennes.filter(personne__in=personnes)
    return habilitations.filter(
        parmi("adhesion", siennes.values("adhesion")),
        _UneDeCelles(F("accordee_par"), Subquery(siennes.values("pk"))),
    )
