"""The calls of one page lie in one block of memory (the first middleware).

CPython keeps the calls of a thread in blocks of 16 KB. Before its releases of 2026, a call that begins a block asks the system for it, and
gives it back as it returns (gh-142183): where a template's loop stands at the end of a block, each of its calls does. Below thirty
middlewares some page always stands there: 520 blocks for the site map, 4 ms of its 9 (docs/echelle.md). Here the outermost call
asks for a block that all the others fit in. On an interpreter that is mended it changes nothing.
"""

from collections.abc import Callable
from typing import Final

from django.http import HttpRequest
from django.http.response import HttpResponseBase

Suite = Callable[[HttpRequest], HttpResponseBase]

PLACES: Final = 15_500
"""Of 8 bytes, that the outermost call says it needs: CPython then takes 256 KB, the next power of two, and half of it is left."""


def _servir(suite: Suite, request: HttpRequest) -> HttpResponseBase:
    return suite(request)


_servir.__code__ = _servir.__code__.replace(co_stacksize=PLACES)


class PileMiddleware:
    """Answers in one block of memory. What is never used of it is never given by the system."""

    def __init__(self, get_response: Suite) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return _servir(self.get_response, request)
