"""The bodies of requests: how long, of which kind, and for which page (issue 9, item 9).

A multipart body is read by the pages alone that take a file (`recoit_fichier`), up to what that page takes; any other
body up to DATA_UPLOAD_MAX_MEMORY_SIZE (services/messagerie takes more than the rest: its files). Nothing is written to disk. The length announced is what the server reads at
most (PEP 3333), so it decides before the first byte; the file is counted again as it comes.
"""

import sys
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import MemoryFileUploadHandler
from django.http import HttpRequest, HttpResponse

from .views.erreurs import corps_refuse, corps_trop_long

# What surrounds a file in a multipart body: boundaries, headers, the token and the other fields of the form.
ENTOURAGE = 20_000
FICHIERS_MAX = 12_000_000  # bytes: the most that a page takes, one file of a message and what is typed with it


class FichierEnMemoire(MemoryFileUploadHandler):
    """FILE_UPLOAD_HANDLERS: the file stays in memory, and more than a body may hold is refused as soon as it comes."""

    def handle_raw_input(
        self,
        input_data: Any,
        META: Any,  # noqa: N803 - Django's own name
        content_length: int,
        boundary: Any,
        encoding: str | None = None,
    ) -> None:
        self.activated = True
        self.recus = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        self.recus += len(raw_data)
        prises = getattr(self.request, "fichier_max", 0) + ENTOURAGE
        if self.recus > max(settings.DATA_UPLOAD_MAX_MEMORY_SIZE, prises):
            raise RequestDataTooBig("The file is longer than any page takes.")
        return super().receive_data_chunk(raw_data, start)


class CorpsMiddleware:
    """Refuses a body that is too long or that the page does not take, before anything reads it: above CsrfViewMiddleware."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        multipart = request.content_type == "multipart/form-data"
        if _longueur(request) > (FICHIERS_MAX + ENTOURAGE if multipart else settings.DATA_UPLOAD_MAX_MEMORY_SIZE):
            return corps_trop_long(request)
        return self.get_response(request)

    def process_view(self, request: HttpRequest, vue: Callable[..., Any], *_: Any) -> HttpResponse | None:
        """Let a multipart body through to the view that takes a file, and up to its size."""
        if request.content_type != "multipart/form-data":
            return None
        fichier_max: int | None = getattr(vue, "fichier_max", None)
        if fichier_max is None:
            return corps_refuse(request)
        request.fichier_max = fichier_max  # type: ignore[attr-defined]
        return corps_trop_long(request) if _longueur(request) > fichier_max + ENTOURAGE else None


def _longueur(request: HttpRequest) -> int:
    """Return the length that the request announces; what is no number counts as nothing, as Django reads it."""
    annoncee = request.META.get("CONTENT_LENGTH") or "0"
    if not annoncee.isascii() or not annoncee.isdigit():
        return 0
    return int(annoncee) if len(annoncee) < 20 else sys.maxsize  # Python makes no number of more than 4,300 digits
