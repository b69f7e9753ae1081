"""A row that every page reads, in constant SQL: what Django composes again at each request took six times as long as reading it.

For who is signed in and his session alone (docs/echelle.md); everything else is asked of the managers.
"""

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import Model


class Colonnes[M: Model]:
    """The columns of a model, all of them, as SQL names them and as its objects are made of them."""

    def __init__(self, modele: type[M], alias: str) -> None:
        """Raises: ImproperlyConfigured where a column is not what its field holds (`from_db_value`)."""
        champs = modele._meta.concrete_fields
        if any(hasattr(champ, "from_db_value") for champ in champs):
            raise ImproperlyConfigured(f"{modele.__name__} is not read as its columns stand.")
        self.modele = modele
        self.noms = [champ.attname for champ in champs]
        self.sql = ", ".join(f"{alias}.{champ.column}" for champ in champs)
        self._cle = self.noms.index(modele._meta.pk.attname)

    def objet(self, valeurs: Sequence[Any]) -> M | None:
        """Return the object of these values, in the order of `sql`; None where an outer join found no row."""
        return None if valeurs[self._cle] is None else self.modele.from_db(DEFAULT_DB_ALIAS, self.noms, valeurs)


def lire_une_ligne(sql: str, parametres: Sequence[Any]) -> Sequence[Any] | None:
    """Return the values of the one row that a statement finds, or None."""
    with connection.cursor() as curseur:
        curseur.execute(sql, parametres)
        return curseur.fetchone()
