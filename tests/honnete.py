"""Django's test client, made to look like a person's browser: who watches automata (R17) would take it for what it is.

The product knows nothing of tests. What a browser sends is sent, the page of a form is read before it is posted, and the pace is that of
somebody who reads, whatever the machine's. Tests of automata give their own headers, forms and clock.
"""

import itertools
import time
from collections.abc import Callable
from typing import Any

from django.test import Client
from django.test.client import MULTIPART_CONTENT
from django.utils.http import urlencode

from .scenes import NAVIGATEUR

LECTURE = 20.0  # seconds that somebody spends on a page
EN_TETES = {f"HTTP_{nom.upper().replace('-', '_')}": valeur for nom, valeur in NAVIGATEUR.items()}
_pages = itertools.count()
_poster = Client.post
_naitre = Client.__init__


def horloge() -> Callable[[], float]:
    """Return a clock that goes on by LECTURE at each request."""
    instants = itertools.count(time.time(), LECTURE)
    return lambda: next(instants)


def _poster_comme_un_navigateur(
    self: Client, path: str, data: Any = None, content_type: str = MULTIPART_CONTENT, *args: Any, **kwargs: Any
) -> Any:
    """Post a form without a file urlencoded, as a browser does; Django's test client would say multipart, which is refused."""
    from accounts.portes.marques import SERVI, sceller

    if content_type == MULTIPART_CONTENT and not any(hasattr(valeur, "read") for valeur in (data or {}).values()):
        servie = (
            time.time() - LECTURE - next(_pages) % 100_000 / 1000
        )  # each form has a page of its own, though the clock stands
        lue = {SERVI: sceller(servie)} | (data or {})  # its page was read
        data, content_type = urlencode(lue, doseq=True), "application/x-www-form-urlencoded"
    return _poster(self, path, data, content_type, *args, **kwargs)


def _naitre_comme_un_navigateur(self: Client, *args: Any, **kwargs: Any) -> None:
    _naitre(self, *args, **kwargs)
    self.defaults = EN_TETES | self.defaults


def installer() -> None:
    """Have every test client look like a browser from now on."""
    Client.__init__ = _naitre_comme_un_navigateur  # type: ignore[method-assign]
    Client.post = _poster_comme_un_navigateur  # type: ignore[method-assign]


def installer_tout() -> None:
    """The same, with the pace: for a measure that is run as a command."""
    from surveillance.automates import releve
    from surveillance.signaux import rafales

    installer()
    releve.horloge = horloge()
    rafales.horloge = horloge()
