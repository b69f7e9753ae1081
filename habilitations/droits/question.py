"""The one question, in one constant SQL read: in which role does an espace hold a service of a personne.

Whether the role gives the permission, and whether the last day is past, is decided in Python, by the matrix. Where a
process owns its connection (`settings.QUESTION_PREPAREE`) PostgreSQL keeps the statement prepared; behind a pooler in
transaction mode it must not be (docs/exploitation.md). Nothing is cached: what was withdrawn gives nothing at once.
"""

from collections.abc import Collection, Iterable, Iterator
from datetime import date
from typing import Any, Final
from uuid import UUID

import psycopg
from django.conf import settings
from django.db import connection
from psycopg.types.numeric import Int8

_TENUES: Final = (
    "SELECT personne_id, service_id, role, expire_le FROM habilitations_habilitation"
    " WHERE espace_id = %s AND fin_le IS NULL AND etat = 'ACTIVE'"
)
_QUESTION: Final = _TENUES + " AND personne_id = %s AND service_id = %s"
_PAGE: Final = _TENUES + " AND personne_id = ANY(%s)"
_FAMILLE: Final = _TENUES + " AND service_id IN (SELECT id FROM services_service WHERE famille = %s)"  # noqa: S608  # nosec B608 - our own words


class _CurseurPrepare(psycopg.Cursor[tuple[Any, ...]]):
    """Django's own cursors bind on the client's side and never prepare."""

    def execute(self, query: Any, params: Any = None, **_: Any) -> "_CurseurPrepare":
        return super().execute(query, params, prepare=True)


def _lire(sql: str, parametres: list[Any]) -> list[tuple[int, int, str, date | None]]:
    connection.ensure_connection()
    # In Django's wrapper, so that what guards the queries sees it too; its log can only write what its own cursor binds.
    preparee = settings.QUESTION_PREPAREE and not connection.queries_logged
    prepare: Any = _CurseurPrepare(connection.connection)
    with connection.make_cursor(prepare) if preparee else connection.cursor() as curseur:
        curseur.execute(sql, parametres)
        return curseur.fetchall()


def role_tenu(espace: UUID, personne: int, service: int, *, jour: date) -> str | None:
    """Return the role in which this espace holds this service of this personne on that day, or None."""
    # Int8: whatever its size, a key is of one type, hence one prepared statement.
    for _, _, role, expire_le in _lire(_QUESTION, [espace, Int8(personne), Int8(service)]):
        if expire_le is None or expire_le >= jour:
            return role
    return None


def roles_tenus(espace: UUID, personnes: Collection[int], *, jour: date) -> Iterator[tuple[int, int, str]]:
    """Yield the personne, the service and the role of all that this espace holds of these personnes on that day."""
    yield from _du_jour(_lire(_PAGE, [espace, [Int8(cle) for cle in personnes]]), jour)


def roles_tenus_de_la_famille(espace: UUID, famille: str, *, jour: date) -> Iterator[tuple[int, int, str]]:
    """Yield the personne, the service and the role of all that this espace holds of the services of a family on that day."""
    yield from _du_jour(_lire(_FAMILLE, [espace, famille]), jour)


def _du_jour(tenues: Iterable[tuple[int, int, str, date | None]], jour: date) -> Iterator[tuple[int, int, str]]:
    for personne, service, role, expire_le in tenues:
        if expire_le is None or expire_le >= jour:
            yield personne, service, role
