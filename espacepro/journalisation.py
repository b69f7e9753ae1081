"""Keeps one-time links out of the logs."""

import logging
import re

_JETON = re.compile(r"[A-Za-z0-9_-]{50,}")


class MasqueLiens(logging.Filter):
    """Masks anything that looks like the token of a link, wherever it stands in a record."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.msg, str):
            record.msg = _JETON.sub("***", record.msg)
        elif isinstance(record.msg, dict):
            record.msg = {c: _JETON.sub("***", v) if isinstance(v, str) else v for c, v in record.msg.items()}
        if isinstance(record.args, tuple):
            record.args = tuple(_JETON.sub("***", a) if isinstance(a, str) else a for a in record.args)
        return True


def masquer(_journal: object, _niveau: str, ligne: str) -> str:
    """Return the line as it is written, without any token: an exception's text may hold one that no filter sees."""
    return _JETON.sub("***", ligne)
