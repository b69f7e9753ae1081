"""The shipped command, started as the image starts it, and a client of it."""

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO

from tests.scenes import RACINE, port_libre


def commande() -> list[str]:
    """The words of the image's CMD."""
    trouvee = re.search(r"^CMD (\[.*\])$", (RACINE / "Dockerfile").read_text(), re.MULTILINE)
    assert trouvee is not None
    return list(json.loads(trouvee[1]))


@contextmanager
def servir(
    variables: dict[str, str], avant: Callable[[], None] | None = None, erreurs: IO[bytes] | int = subprocess.DEVNULL
) -> Iterator[int]:
    """Start the shipped command on the tests' servers, with these variables besides; give its port."""
    libre = port_libre()
    mots = [f"127.0.0.1:{libre}" if mot == "0.0.0.0:8000" else mot for mot in commande()]
    processus = subprocess.Popen(
        [sys.executable, "-m", *mots],
        cwd=RACINE,
        env=os.environ | variables,
        stdout=subprocess.DEVNULL,
        stderr=erreurs,
        preexec_fn=avant,
    )
    try:
        fin = time.monotonic() + 40
        while demander(libre)[0] != 200:
            assert processus.poll() is None, "the shipped command does not start"
            assert time.monotonic() < fin
            time.sleep(0.2)
        yield libre
        processus.send_signal(signal.SIGTERM)
        assert processus.wait(timeout=40) == 0
    finally:
        processus.kill()
        processus.wait()


def demander(port: int, delai: float = 20) -> tuple[int, float]:
    """Ask for a page; return its status (0: no answer) and the seconds it took."""
    connexion = http.client.HTTPConnection("127.0.0.1", port, timeout=delai)
    debut = time.monotonic()
    try:
        connexion.request("GET", "/robots.txt", headers={"Host": "localhost"})
        return connexion.getresponse().status, time.monotonic() - debut
    except OSError:
        return 0, time.monotonic() - debut
    finally:
        connexion.close()
