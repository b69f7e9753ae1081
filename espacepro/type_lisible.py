"""What a request says of its own body, read before Django makes a request of it: there, what it cannot read is a 500.

Django decodes the address and the fields by the charset that the request names, as it is made, before any middleware: `hex` is no
text, and raises; `punycode` costs the square of the length. Our pages are in UTF-8, and so is what a browser answers (HTML §4.10.21.8).
"""

import codecs
from collections.abc import Callable, Iterable
from typing import Any, Final

from django.utils.http import parse_header_parameters

REFUS: Final = "Requête refusée : le corps doit être en UTF-8.\n".encode()


class TypeLisible:
    """The application, given Content-Types that can be read: another is a 400 where a body is sent, and says nothing of a page asked for."""

    def __init__(self, application: Callable[..., Iterable[bytes]]) -> None:
        self.application = application

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        lu = _lire(environ.get("CONTENT_TYPE", ""))
        if lu is None and environ["REQUEST_METHOD"] == "POST":
            entetes = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(REFUS)))]
            start_response(
                "400 Bad Request", [*entetes, ("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff")]
            )
            return [REFUS]
        environ["CONTENT_TYPE"] = lu or ""
        return self.application(environ, start_response)


def _lire(genre: str) -> str | None:
    """Return the Content-Type, its charset as Django writes UTF-8; None for one that cannot be read, or another charset."""
    try:
        _, parametres = parse_header_parameters(genre)
        jeu = parametres.get("charset", "utf-8")
        if codecs.lookup(jeu).name != "utf-8":
            return None
    except (ValueError, LookupError):  # a parameter that is not written as one; NUL in a name; an unknown charset
        return None
    return genre if jeu.lower() == "utf-8" else genre.replace(jeu, "utf-8")
