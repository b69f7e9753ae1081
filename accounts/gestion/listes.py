"""What a list of the desk may be sorted by: who reads the rows of the whole country, by what an index begins with (design.md §1)."""

from typing import Any, Literal

from django.contrib.admin.views.main import ORDER_VAR, ChangeList
from django.db import models
from django.http import HttpRequest

from .adresses_de_liste import AdresseRefusee


def en_index(modele: type[models.Model]) -> frozenset[str]:
    """Return the columns of this table by which an index of all its rows is sorted first; `pk` among them."""
    meta = modele._meta
    premieres = {
        index.fields_orders[0][0]
        for index in meta.indexes
        if type(index) is models.Index and index.fields_orders and index.condition is None and not index.opclasses
    }
    premieres |= {
        contrainte.fields[0]
        for contrainte in meta.constraints
        if isinstance(contrainte, models.UniqueConstraint) and contrainte.fields and contrainte.condition is None
    }
    seules = {champ.name for champ in meta.concrete_fields if champ.unique or getattr(champ, "db_index", False)}
    relations = {champ.name for champ in meta.concrete_fields if champ.is_relation}  # sorted by what they lead to
    return frozenset((premieres | seules | {"pk"}) - relations)


class ListeDuBureau(ChangeList):
    """A list, whose headers sort by no more than its page allows: where it allows some columns alone, one at a time."""

    def get_ordering(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> Any:
        """Return the order of the rows. Raises: AdresseRefusee for a column that the page does not sort by."""
        page: Any = self.model_admin
        premiere = self.params.get(ORDER_VAR, "").partition(".")[0]
        if not premiere or not page.triee_par_index(request):
            return super().get_ordering(request, queryset)
        if self.list_display[int(premiere.removeprefix("-"))] not in (self.sortable_by or ()):
            raise AdresseRefusee
        self.params[ORDER_VAR] = premiere  # what one would sort by next is read row by row
        ordre = list(super().get_ordering(request, queryset))
        # Backwards, the whole of an index (acte, -id) is (-acte, id).
        return [*ordre[:-1], "pk"] if premiere.startswith("-") and ordre[1:] == ["-pk"] else ordre

    def get_ordering_field_columns(self) -> dict[int, Literal["desc", "asc"]]:
        """Return the columns that sort it now, for the links of the headers: of its own order, those that may be asked for."""
        colonnes = super().get_ordering_field_columns()
        return {rang: sens for rang, sens in colonnes.items() if self.list_display[rang] in (self.sortable_by or ())}
