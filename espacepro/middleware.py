"""Middleware of the whole portal: headers, request context, and GET that never writes."""

import re
import uuid
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.loader import render_to_string

from accounts.traces.requete import Provenance, adresse_ip, provenance

Suite = Callable[[HttpRequest], HttpResponse]


class EnTetesMiddleware:
    """Headers that Django does not set: pages of a person are never stored, no device feature is asked for."""

    def __init__(self, get_response: Suite) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        reponse = self.get_response(request)
        if not request.path.startswith(settings.STATIC_URL):
            reponse.headers.setdefault("Cache-Control", "no-store")
        reponse.headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()")
        reponse.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        return reponse


class CheminMiddleware:
    """Answers 404 to a path with a NUL: no text of the database holds one, and PostgreSQL refuses to look for it."""

    def __init__(self, get_response: Suite) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "\x00" in request.path_info:
            request.path_info = "/introuvable/"
        return self.get_response(request)


class ContexteMiddleware:
    """Makes the caller's address and a request id known to the journal (accounts/traces/requete.py)."""

    def __init__(self, get_response: Suite) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        jeton = provenance.set(Provenance(adresse_ip=adresse_ip(request), requete=str(uuid.uuid4())))
        try:
            return self.get_response(request)
        finally:
            provenance.reset(jeton)


class MethodeMiddleware:
    """Gives a page to the bare 405 of a GET on an address that only takes a POST, as after a sign-in in between."""

    def __init__(self, get_response: Suite) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        reponse = self.get_response(request)
        if request.method == "GET" and isinstance(reponse, HttpResponseNotAllowed):
            reponse.content = render_to_string("erreurs/405.html", request=request).encode()
        return reponse


class EcritureSurLecture(Exception):
    """A GET tried to write: a defect of the view (style.md, GET never writes)."""


_ECRITURE = re.compile(r"^\s*(INSERT|UPDATE|DELETE|TRUNCATE|MERGE)\b", re.IGNORECASE)
# What a mere visit may leave: the session's own row (its last use).
_TOLERE = re.compile(r'"accounts_session"')


def _refuser_l_ecriture(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
    if _ECRITURE.match(sql) and not _TOLERE.search(sql):
        raise EcritureSurLecture(sql.split("VALUES")[0][:200])
    return execute(sql, params, many, context)


class LectureSeuleMiddleware:
    """Refuses every write during GET, HEAD and OPTIONS, so link scanners and prefetch change nothing."""

    def __init__(self, get_response: Suite) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with ExitStack() as pile:
            if request.method in {"GET", "HEAD", "OPTIONS"}:
                pile.enter_context(connection.execute_wrapper(_refuser_l_ecriture))
            return self.get_response(request)
