"""Keeps out of the logs one-time links, and what is searched: of a query, only the names of its parameters."""

import logging
import re
from typing import TYPE_CHECKING, Final

from django_structlog.middlewares import RequestMiddleware

if TYPE_CHECKING:
    from django.http import HttpRequest

_JETON = re.compile(r"[A-Za-z0-9_-]{50,}")
_VALEUR = re.compile(r"([?&][A-Za-z_][\w.-]*=)[^&\s\"'<>]+")
_NOM = re.compile(r"[a-z_]{1,30}")
NOMS_ECRITS: Final = 20


def _taire(texte: str) -> str:
    return _VALEUR.sub(r"\1***", _JETON.sub("***", texte))


class RequetesMiddleware(RequestMiddleware):
    """django-structlog's, which would write the whole query: whom an agent searches, the reference of a letter."""

    @staticmethod
    def format_request(request: "HttpRequest") -> str:
        """Return the method, the path and the names of the parameters; what is no name of ours is not written."""
        noms = [partie.partition("=")[0] for partie in request.META.get("QUERY_STRING", "").split("&") if partie]
        ecrits = "&".join(nom if _NOM.fullmatch(nom) else "***" for nom in noms[:NOMS_ECRITS])
        return f"{request.method} {request.path}{'?' if ecrits else ''}{ecrits}"


class MasqueLiens(logging.Filter):
    """Masks anything that looks like the token of a link, or the value of a query, wherever it stands in a record."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.msg, str):
            record.msg = _taire(record.msg)
        elif isinstance(record.msg, dict):
            record.msg = {c: _taire(v) if isinstance(v, str) else v for c, v in record.msg.items()}
        if isinstance(record.args, tuple):
            record.args = tuple(_taire(a) if isinstance(a, str) else a for a in record.args)
        return True


class FormatMasque(logging.Formatter):
    """What gunicorn writes of its own: a line it could not read, the address of a request that failed, its traceback."""

    def format(self, record: logging.LogRecord) -> str:
        return _taire(super().format(record))


def masquer(_journal: object, _niveau: str, ligne: str) -> str:
    """Return the line as it is written, without any token or query's value: an exception's text may hold one that no filter sees."""
    return _taire(ligne)
