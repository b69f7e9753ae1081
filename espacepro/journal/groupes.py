"""A journal read by act: what one request did by one act is one line, which unfolds; 3,000 rights by a file are not 120 pages.

The lines themselves are as they were: the exports hold each of them, and `paginer_un_acte` lists those of one act.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from django.contrib.postgres.aggregates import ArrayAgg
from django.core.paginator import Page, Paginator
from django.db.models import Case, CharField, Count, F, Func, Max, QuerySet, When, Window
from django.db.models.functions import Cast
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


class Premiers(Func):
    """The first of an array: an act may have left thousands of lines."""

    template = f"(%(expressions)s)[1:{PREMIERS}]"


def _telles_quelles(evenements: QuerySet[Evenement]) -> QuerySet[Evenement]:
    return evenements


def paginer_par_acte(
    evenements: QuerySet[Evenement],
    numero: str,
    par_page: int,
    *,
    annoter: Callable[[QuerySet[Evenement]], QuerySet[Evenement]] = _telles_quelles,
) -> tuple[Page[Any], list[Groupe]]:
    """Return the page of this number, newest act first, and its groups: two queries, whatever an act left.

    The lines are read again by their keys alone, `annoter` adding what is to be known of each.
    """
    groupes = (
        _avec_cle(evenements.order_by())  # type: ignore[misc]  # annotated just before
        .values("cle", "acte", "auteur")
        .annotate(
            nombre=Count("pk"),
            dernier=Max("pk"),
            sirens=Count("siren", distinct=True),
            services=Count("service", distinct=True),
            espaces=Count("espace", distinct=True),
            premiers=Premiers(ArrayAgg("pk", order_by="-pk")),
            total=Window(Count("*")),
        )
        .order_by("-dernier")
    )
    page = _page(groupes, numero, par_page)
    rangees = list(page)
    cles = [cle for rangee in rangees for cle in rangee["premiers"]]
    lus = annoter(Evenement.objects.order_by()).in_bulk(cles) if cles else {}
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
        if (siens := [lus[cle] for cle in rangee["premiers"]])
    ]


def _page(groupes: QuerySet[Any, dict[str, Any]], numero: str, par_page: int) -> Page[Any]:
    """Return the page of this number; a query that has its rows also says how many there are in all."""
    paginateur = Paginator(groupes, par_page)
    voulu = int(numero) if numero.isascii() and numero.isdigit() and len(numero) < 10 else 0
    rangees = list(groupes[(voulu - 1) * par_page : voulu * par_page]) if voulu else []
    if not rangees and numero != "1":
        return paginateur.get_page(numero)
    paginateur.count = rangees[0]["total"] if rangees else 0
    return Page(rangees, voulu, paginateur)


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
