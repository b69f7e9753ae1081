"""PostgreSQL itself refuses to write while a view answers a GET, under test (the product's guard reads the statements)."""

from collections.abc import Callable

from django.db import connection
from django.http import HttpRequest, HttpResponse


class BaseEnLectureMiddleware:
    """The innermost middleware: the session's last use and the traces of reading are written further out."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method not in {"GET", "HEAD", "OPTIONS"}:
            return self.get_response(request)
        try:
            connection.ensure_connection()
        except RuntimeError:  # a test that asked for no database (pytest-django): its page has none to write in
            return self.get_response(request)
        if not connection.in_atomic_block:
            _executer("SET default_transaction_read_only = on")
            try:
                return self.get_response(request)
            finally:
                _executer("SET default_transaction_read_only = off")
        # Inside a test's transaction: a savepoint, at whose end PostgreSQL gives the right to write back.
        _executer("SAVEPOINT lecture_seule; SET TRANSACTION READ ONLY")
        try:
            return self.get_response(request)
        finally:
            _executer("ROLLBACK TO SAVEPOINT lecture_seule; RELEASE SAVEPOINT lecture_seule")


def _executer(sql: str) -> None:
    """Send this by psycopg itself: neither counted by the tests nor seen by the guard."""
    if connection.connection is not None and not connection.connection.closed:  # the page may have closed it
        connection.connection.execute(sql)
