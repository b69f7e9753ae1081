"""A journal read by act: what one request did by one act is one line, which unfolds; 3,000 rights by a file are not 120 pages.

The lines themselves are as they were: the exports hold each of them, and `paginer_un_acte` lists those of one act.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any, Final

from django.core.paginator import Page, Paginator
from django.db.models import Case, CharField, Count, F, Max, Min, QuerySet, When, Window
from django.db.models.functions import Cast, RowNumber
from django.http import Http404

from accounts.models import Evenement

PREMIERS: Final = 10  # lines that unfold in place; the page of the group has them all


@dataclass(frozen=True)
class Groupe:
    """One act: its newest line, how many lines it left, over how many companies, services, persons, and the first of them."""

    tete: Evenement
    nombre: int
    sirens: int
    services: int
    espaces: int
    premiers: list[Evenement] = field(default_factory=list)

    @classmethod
    def d_une_ligne(cls, evenement: Evenement) -> "Groupe":
        """Return the group of an event shown alone."""
        return cls(tete=evenement, nombre=1, sirens=1, services=1, espaces=1)

    @property
    def seul(self) -> bool:
        return self.nombre == 1


def _avec_cle(evenements: QuerySet[Evenement]) -> QuerySet[Evenement]:
    """Give each event the key of its request; one that no request made (a job, long ago) has its own."""
    return evenements.annotate(
        cle=Case(When(requete="", then=Cast("id", CharField())), default=F("requete"), output_field=CharField())
    )


def paginer_par_acte(evenements: QuerySet[Evenement], numero: str, par_page: int) -> tuple[Page[Any], list[Groupe]]:
    """Return the page of this number, newest act first, and its groups: three queries, whatever an act left."""
    groupes = (
        _avec_cle(evenements.order_by())  # type: ignore[misc]  # annotated just before
        .values("cle", "acte", "auteur")
        .annotate(
            nombre=Count("pk"),
            dernier=Max("pk"),
            premier=Min("pk"),
            sirens=Count("siren", distinct=True),
            services=Count("service", distinct=True),
            espaces=Count("espace", distinct=True),
        )
        .order_by("-dernier")
    )
    page = Paginator(groupes, par_page).get_page(numero)
    rangees = list(page)
    if not rangees:
        return page, []
    # All the lines of these acts lie between the first and the last of their ids.
    lus = (
        _avec_cle(evenements)  # type: ignore[misc]  # annotated just before
        .filter(
            pk__gte=min(rangee["premier"] for rangee in rangees),
            pk__lte=max(rangee["dernier"] for rangee in rangees),
            cle__in=[rangee["cle"] for rangee in rangees],
        )
        .annotate(
            rang=Window(RowNumber(), partition_by=[F("cle"), F("acte"), F("auteur")], order_by=F("pk").desc()),
        )
        .filter(rang__lte=PREMIERS)
        .order_by("-pk")
    )
    par_cle: dict[tuple[str, str, str], list[Evenement]] = defaultdict(list)
    for evenement in lus:
        par_cle[evenement.cle, evenement.acte, evenement.auteur].append(evenement)  # type: ignore[attr-defined]
    return page, [
        Groupe(
            tete=siens[0],
            nombre=rangee["nombre"],
            sirens=rangee["sirens"],
            services=rangee["services"],
            espaces=rangee["espaces"],
            premiers=siens if rangee["nombre"] > 1 else [],
        )
        for rangee in rangees
        if (siens := par_cle[rangee["cle"], rangee["acte"], rangee["auteur"]])
    ]


def paginer_un_acte(
    evenements: QuerySet[Evenement], tete: str, numero: str, par_page: int
) -> tuple[Page[Any], list[Groupe]]:
    """Return a page of the lines of the act whose newest is `tete`, each a group of its own.

    Raises: Http404 when that line is not one of those that may be read.
    """
    connu = evenements.filter(pk=int(tete)).first() if tete.isascii() and tete.isdigit() and len(tete) < 19 else None
    if connu is None:
        raise Http404
    lignes = evenements.filter(pk=connu.pk)
    if connu.requete:
        lignes = evenements.filter(requete=connu.requete, acte=connu.acte, auteur=connu.auteur)
    page = Paginator(lignes, par_page).get_page(numero)
    return page, [Groupe.d_une_ligne(evenement) for evenement in page]
