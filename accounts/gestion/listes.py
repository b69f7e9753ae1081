"""What a list of the desk may be sorted by: who reads the rows of the whole country, by what an index begins with (design.md §1)."""

from collections.abc import Iterable
from typing import Any, Literal

from django.contrib.admin.views.main import ORDER_VAR, ChangeList
from django.db import models
from django.db.models import F
from django.db.models.expressions import OrderBy
from django.db.models.functions import Greatest
from django.http import HttpRequest

from .adresses_de_liste import AdresseRefusee


def _index(modele: type[models.Model]) -> set[tuple[str, ...]]:
    """Return the columns, in order, of each index of all the rows of this table."""
    meta = modele._meta
    composes = {
        tuple(nom for nom, _ in index.fields_orders)
        for index in meta.indexes
        if type(index) is models.Index and index.fields_orders and index.condition is None and not index.opclasses
    }
    composes |= {
        tuple(contrainte.fields)
        for contrainte in meta.constraints
        if isinstance(contrainte, models.UniqueConstraint) and contrainte.fields and contrainte.condition is None
    }
    seules = {(champ.name,) for champ in meta.concrete_fields if champ.unique or getattr(champ, "db_index", False)}
    return composes | seules | {("pk",)}


def _sans_relations(modele: type[models.Model], colonnes: Iterable[str]) -> frozenset[str]:
    relations = {
        champ.name for champ in modele._meta.concrete_fields if champ.is_relation
    }  # sorted by what they lead to
    return frozenset(colonnes) - relations


def en_index(modele: type[models.Model]) -> frozenset[str]:
    """Return the columns of this table that an index of all its rows begins with; `pk` among them."""
    return _sans_relations(modele, (colonnes[0] for colonnes in _index(modele)))


def triables(modele: type[models.Model]) -> frozenset[str]:
    """Return those by which such an index sorts all the rows: alone in it, or before what no two rows have alike."""
    uniques = {"pk"} | {champ.name for champ in modele._meta.concrete_fields if champ.unique}
    entieres = (colonnes[0] for colonnes in _index(modele) if len(colonnes) == 1 or colonnes[1] in uniques)
    return _sans_relations(modele, entieres)


def sans_index(modele: type[models.Model], terme: Any) -> Any:
    """Return this term of an order so that no index of the whole table serves it.

    An office that is found through its companies has few rows among all of them: they are read, then sorted. An index that is
    already in that order tempts PostgreSQL to walk through the country until fifty are found, to its end where the office has fewer.
    """
    ordre = (
        terme if isinstance(terme, OrderBy) else OrderBy(F(terme.removeprefix("-")), descending=terme.startswith("-"))
    )
    nom = getattr(ordre.expression, "name", "")  # an F has one
    if nom not in {"pk"} | {champ.name for champ in modele._meta.concrete_fields if not champ.is_relation}:
        return terme  # by what it leads to
    ordre = ordre.copy()
    ordre.set_source_expressions([Greatest(nom, nom)])  # the same value, and no column
    return ordre


class ListeDuBureau(ChangeList):
    """A list, whose headers sort by no more than its page allows: where it allows some columns alone, one at a time."""

    def get_ordering(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> Any:
        """Return the order of the rows. Raises: AdresseRefusee for a column that the page does not sort by."""
        page: Any = self.model_admin
        self.ordre_de_la_page = list(page.get_ordering(request))
        premiere = self.params.get(ORDER_VAR, "").partition(".")[0]
        if not page.triee_par_index(request):
            ordre = super().get_ordering(request, queryset)
            if not page.par_les_entreprises(request):
                return ordre
            return [sans_index(self.model, ordre[0]), *ordre[1:]]
        if not premiere:
            return super().get_ordering(request, queryset)
        if self.list_display[int(premiere.removeprefix("-"))] not in (self.sortable_by or ()):
            raise AdresseRefusee
        self.params[ORDER_VAR] = premiere  # what one would sort by next is read row by row
        ordre = list(super().get_ordering(request, queryset))
        # Backwards, the whole of an index (acte, -id) is (-acte, id).
        return [*ordre[:-1], "pk"] if premiere.startswith("-") and ordre[1:] == ["-pk"] else ordre

    def _get_default_ordering(self) -> Any:
        return self.ordre_de_la_page or super()._get_default_ordering()  # type: ignore[misc]

    def get_ordering_field_columns(self) -> dict[int, Literal["desc", "asc"]]:
        """Return the columns that sort it now, for the links of the headers: of its own order, those that may be asked for."""
        colonnes = super().get_ordering_field_columns()
        return {rang: sens for rang, sens in colonnes.items() if self.list_display[rang] in (self.sortable_by or ())}
