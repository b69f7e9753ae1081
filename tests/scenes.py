"""What tests of every app begin with: the root of the sources, a free port, a race."""

import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.db import connection, connections

RACINE = Path(__file__).resolve().parent.parent
NAVIGATEUR = {
    "User-Agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Language": "fr,fr-FR;q=0.8,en-US;q=0.5,en;q=0.3",
    "Sec-Fetch-Dest": "document",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Site": "same-origin",
}
"""What Firefox sends: who watches automata must not take the browser of the tests for one. Those of automata give their own."""
D_UN_AUTRE_SITE = NAVIGATEUR | {"Sec-Fetch-Site": "cross-site"}
"""The same, of a page that another site leads to."""


def en_parallele(nombre: int, action: Callable[[int], Any]) -> list[Any]:
    """Run `action(rank)` in `nombre` threads released at once; return each result or the exception it raised.

    Each thread has its own database connection, closed at the end. For transactional tests.
    """
    barriere = threading.Barrier(nombre)
    resultats: list[Any] = [None] * nombre

    def courir(rang: int) -> None:
        try:
            connection.ensure_connection()
            barriere.wait(timeout=30)
            resultats[rang] = action(rang)
        except BaseException as erreur:  # noqa: BLE001 - the outcome of each runner is what the test looks at
            resultats[rang] = erreur
        finally:
            connections.close_all()

    fils = [threading.Thread(target=courir, args=(rang,)) for rang in range(nombre)]
    for fil in fils:
        fil.start()
    for fil in fils:
        fil.join(timeout=120)
    return resultats


def attendre_un_verrou(fini: Callable[[], bool] = lambda: False) -> None:
    """Return once another connection waits for a lock that this one holds; fail when whoever had to wait has `fini`, or in 30 s.

    From `pg_locks`, which a transaction reads anew each time: it keeps its first sight of `pg_stat_activity`.
    """
    limite = time.monotonic() + 30
    while not fini() and time.monotonic() < limite:
        with connection.cursor() as curseur:
            curseur.execute(
                "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid)))"
            )
            if curseur.fetchone()[0]:
                return
        time.sleep(0.01)
    raise AssertionError("nobody waited for this lock")


def port_libre() -> int:
    with socket.create_server(("127.0.0.1", 0)) as prise:
        return prise.getsockname()[1]


def ecrire_version_cgu(dossier: Path, numero: str) -> None:
    """Write the two texts of a version of the CGU in this folder of templates."""
    (dossier / "cgu" / numero).mkdir(parents=True)
    (dossier / "cgu" / numero / "texte.html").write_text(
        f'<h2 id="article-1">1. Objet</h2>\n<p>Texte entier de la version {numero}.</p>\n', encoding="utf-8"
    )
    (dossier / "cgu" / numero / "changements.html").write_text(
        f"<p>Une réponse est donnée sous dix jours (version {numero}).</p>\n", encoding="utf-8"
    )


def duree(acte: Callable[[], object], fois: int = 3) -> float:
    """Return the seconds of processor that this takes, the least of a few tries: the collector of a large process may fall in one."""
    mesures = []
    for _ in range(fois):
        debut = time.thread_time()
        acte()
        mesures.append(time.thread_time() - debut)
    return min(mesures)
