"""Views answer under the database role of web and workers, under test too: a right that it lacks is missed here first."""

import contextlib
from collections.abc import Callable, Iterator

import psycopg
from django.db import ProgrammingError, connection
from django.http import HttpRequest, HttpResponse

from espacepro.demonstration.embarque import ROLE_APPLICATION
from espacepro.roles import preparer_roles

_pret = False


def preparer() -> None:
    """Prepare the role in the database of the tests; on a server that does not let us, views answer as its owner."""
    global _pret  # one database, one answer
    try:
        preparer_roles(role=ROLE_APPLICATION)
        _pret = True
    except ProgrammingError as erreur:
        if not isinstance(erreur.__cause__, psycopg.errors.InsufficientPrivilege):
            raise


@contextlib.contextmanager
def role_de_l_application() -> Iterator[None]:
    """Be the role of web and workers meanwhile, on this connection."""
    _executer(f"SET ROLE {ROLE_APPLICATION}")
    try:
        yield
    finally:
        # A failed transaction takes it back as it ends.
        with contextlib.suppress(psycopg.errors.InFailedSqlTransaction):
            _executer("RESET ROLE")


class RoleApplicationMiddleware:
    """The innermost middleware."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        try:
            connection.ensure_connection()
        except RuntimeError:  # a test that asked for no database (pytest-django)
            return self.get_response(request)
        if not _pret:
            return self.get_response(request)
        with role_de_l_application():
            return self.get_response(request)


def _executer(sql: str) -> None:
    """Send this by psycopg itself: neither counted by the tests nor seen by the guard."""
    if connection.connection is not None and not connection.connection.closed:
        connection.connection.execute(sql)
