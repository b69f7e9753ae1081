"""How gunicorn serves the portal: `gunicorn -c python:espacepro.serveur espacepro.wsgi:application` (issue 9, item 9).

gunicorn's threads wait for a request that is on its way: sixteen clients who announce a body and send none hold sixteen
threads. Here a thread is given only to a request that has arrived whole. Until then its bytes wait in the process's
event loop: for a while, up to a length, and the longest waiting goes first when places or memory run out. Who reads the
answer slowly still holds a thread, until the kernel's buffer takes no more for ENVOI seconds: a front does better
(docs/exploitation/nginx.conf).
"""

import errno
import os
import re
import resource
import selectors
import socket
import struct
import time
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from gunicorn.config import Config
from gunicorn.glogging import Logger
from gunicorn.workers.gthread import TConn, ThreadWorker

from espacepro.journalisation import FormatMasque

# --- What gunicorn reads here -----------------------------------------------------------------------------------------

worker_class = "espacepro.serveur.TravailleurPatient"
logger_class = "espacepro.serveur.JournalMasque"
workers = int(os.environ.get("WEB_CONCURRENCY") or 2)
threads = 8
# A connection too many for the files that a process may open would end the process: some are kept for the rest.
worker_connections = max(threads + 1, min(1000, resource.getrlimit(resource.RLIMIT_NOFILE)[0] - 200))
control_socket_disable = True
sendfile = False  # it would wait without end for who reads slowly
# No file of ours: a worker's heartbeat, which a slow disk would stop.
_MEMOIRE = "/dev/shm"  # noqa: S108  # nosec B108
worker_tmp_dir = _MEMOIRE if os.path.isdir(_MEMOIRE) else None

# --- Bounds of a request on its way -----------------------------------------------------------------------------------

ARRIVEE: Final = 30.0  # seconds for a whole request, from its first wait
ENVOI: Final = 10  # seconds in which some of the answer must leave
RESTE: Final = 2.0  # seconds during which what is still sent to a refused request is thrown away
ENTETES_MAX: Final = 32_768  # bytes
CORPS_MAX: Final = 1_700_000  # bytes: DATA_UPLOAD_MAX_MEMORY_SIZE, the most that a page takes…
CORPS_DE_MESSAGE: Final = 12_020_000  # bytes: … but for those of the mailbox (espacepro/corps.py: FICHIERS_MAX)
MEMOIRE_MAX: Final = 64_000_000  # bytes, of all that is on its way in one process; and again of what waits for a thread
MORCEAU: Final = 65_536

_FIN_ENTETES = b"\r\n\r\n"
_LONGUEUR = re.compile(rb"\r\ncontent-length[ \t]*:([^\r\n]*)", re.IGNORECASE)
_MESSAGE = re.compile(rb"POST /(espace/messages/|gestion/services/echange/[0-9a-f-]{36}/fichiers/)")
_NOMBRE = re.compile(rb"[ \t]*\d{1,18}[ \t]*")
_TRANSFERT = re.compile(rb"\r\ntransfer-encoding[ \t]*:", re.IGNORECASE)
_ATTEND = re.compile(rb"\r\nexpect[ \t]*:[ \t]*100-continue", re.IGNORECASE)
_PAGE = (
    '<!doctype html><html lang="fr"><meta charset="utf-8"><title>Envoi refusé</title><h1>Envoi refusé</h1>'
    "<p>Ce qui a été envoyé est trop long, ne dit pas sa longueur, ou arrive quand le portail est trop occupé. "
    "Rien n’a été enregistré.</p>"
).encode()
_REFUS = (
    b"HTTP/1.1 %%s\r\nConnection: close\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: %d\r\n\r\n%s"
    % (
        len(_PAGE),
        _PAGE,
    )
)


@dataclass(eq=False)
class Arrivee:
    """A request that is coming in; `attendus` is how long it will be, once its headers are here."""

    connexion: TConn
    limite: float
    octets: bytearray = field(default_factory=bytearray)
    attendus: int | None = None
    refusee: bool = False

    def examiner(self) -> bytes:
        """Read the headers once they are whole; return the status of a refusal, empty when there is none."""
        if self.attendus is not None:
            return b""
        fin = self.octets.find(_FIN_ENTETES)
        if fin < 0:
            return b"431 Request Header Fields Too Large" if len(self.octets) > ENTETES_MAX else b""
        entetes = bytes(self.octets[: fin + 2])
        if _TRANSFERT.search(entetes):
            return b"411 Length Required"  # browsers and fronts say how long a form is
        dites = _LONGUEUR.findall(entetes)
        if not all(_NOMBRE.fullmatch(dite) for dite in dites):
            return b"400 Bad Request"  # gunicorn may read a length there, and wait for it in a thread
        longueurs = {int(dite) for dite in dites}
        corps = max(longueurs, default=0)
        if corps > (CORPS_DE_MESSAGE if _MESSAGE.match(entetes) else CORPS_MAX):
            return b"413 Content Too Large"
        # Two lengths that differ: gunicorn refuses them, without waiting for either.
        self.attendus = fin + len(_FIN_ENTETES) + (corps if len(longueurs) == 1 else 0)
        if corps and len(self.octets) < self.attendus and _ATTEND.search(entetes):
            self.connexion.sock.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        return b""

    @property
    def entiere(self) -> bool:
        return self.attendus is not None and len(self.octets) >= self.attendus


class JournalMasque(Logger):
    """gunicorn's own lines, without the values of a query: whom an agent searches, the reference of a letter."""

    def setup(self, cfg: Config) -> None:
        super().setup(cfg)
        for sortie in self.error_log.handlers:
            sortie.setFormatter(FormatMasque(self.error_fmt, self.datefmt))


class TravailleurPatient(ThreadWorker):
    """gunicorn's threads, each given only to a request that has arrived whole."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.arrivees: dict[Arrivee, None] = {}  # the longest waiting first
        self.memoire = 0
        self.confiees: dict[TConn, int] = {}  # bytes of the requests that a thread has, or will have
        self.memoire_confiee = 0

    @classmethod
    def check_config(cls, cfg: Config, log: Logger) -> None:
        """Refuse TLS and HTTP/2 here: both belong to the front."""
        if cfg.is_ssl:
            raise RuntimeError("TLS ends at the front: start gunicorn without --certfile")
        super().check_config(cfg, log)

    def enqueue_req(self, conn: TConn) -> None:
        """Take a connection that is new, or read again: it waits here until its request is whole."""
        conn.sock.setblocking(False)
        delai = struct.pack("ll", ENVOI, 0)
        conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, delai)
        conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, delai)
        arrivee = Arrivee(conn, time.monotonic() + ARRIVEE)
        if conn.parser is not None:
            arrivee.octets += conn.parser.unreader.take_buffered()
        self.memoire += len(arrivee.octets)
        self.arrivees[arrivee] = None
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._lire, arrivee))
        self._avancer(arrivee)
        if arrivee in self.arrivees:
            self._lire(arrivee, conn.sock)

    def _lire(self, arrivee: Arrivee, prise: socket.socket) -> None:
        try:
            recus = prise.recv(MORCEAU)
        except BlockingIOError:
            return
        except OSError:
            recus = b""
        if not recus:
            self._fermer(arrivee)
        elif not arrivee.refusee:
            arrivee.octets += recus
            self.memoire += len(recus)
            self._avancer(arrivee)

    def _avancer(self, arrivee: Arrivee) -> None:
        """Refuse the request, give it to a thread, or let it wait on."""
        try:
            refus = arrivee.examiner()
            if not refus and arrivee.entiere and self._trop_confie(len(arrivee.octets)):
                refus = b"503 Service Unavailable"
            if refus:
                arrivee.connexion.sock.send(_REFUS % refus)
                arrivee.connexion.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self._fermer(arrivee)
            return
        if refus:
            self._oublier_octets(arrivee)
            arrivee.refusee = True
            arrivee.limite = time.monotonic() + RESTE
        elif arrivee.entiere:
            octets = bytes(arrivee.octets)
            self._retirer(arrivee)
            conn = arrivee.connexion
            self.confiees[conn] = len(octets)
            self.memoire_confiee += len(octets)
            conn.init()
            conn.parser.unreader.unread(octets)
            conn.data_ready = True
            super().enqueue_req(conn)

    def _trop_confie(self, octets: int) -> bool:
        """Whether one more long request may not wait for a thread; short ones are bounded by the number of connections."""
        return octets > MORCEAU and self.memoire_confiee + octets > MEMOIRE_MAX

    def _retirer(self, arrivee: Arrivee) -> None:
        del self.arrivees[arrivee]
        self._oublier_octets(arrivee)
        self.poller.unregister(arrivee.connexion.sock)

    def _oublier_octets(self, arrivee: Arrivee) -> None:
        self.memoire -= len(arrivee.octets)
        arrivee.octets = bytearray()

    def _fermer(self, arrivee: Arrivee) -> None:
        self._retirer(arrivee)
        self.nr_conns -= 1
        arrivee.connexion.close()

    def finish_request(self, conn: TConn, fs: Future[Any]) -> None:
        """Keep the connection for its next request, or let its client hang up: gunicorn waits for that in the event loop."""
        self.memoire_confiee -= self.confiees.pop(conn, 0)
        if fs.cancelled() or fs.exception() is not None or fs.result():
            super().finish_request(conn, fs)
            return
        try:
            conn.sock.setblocking(False)
            conn.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self.nr_conns -= 1
            conn.close()
            return
        # As after a refusal: what is still sent is thrown away for a while, then the connection is closed.
        arrivee = Arrivee(conn, time.monotonic() + RESTE, refusee=True)
        self.arrivees[arrivee] = None
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._lire, arrivee))

    def murder_pending(self) -> None:
        """Close what takes too long, and the longest waiting when places or memory run out; at each turn of the loop."""
        super().murder_pending()
        maintenant = time.monotonic()
        for arrivee in list(self.arrivees):
            commencee = bool(arrivee.octets) or arrivee.refusee
            if not self.alive:
                arrivee.limite = min(arrivee.limite, maintenant + RESTE)
            if (
                arrivee.limite < maintenant
                or self.memoire > MEMOIRE_MAX
                or self.nr_conns >= self.worker_connections
                or not (self.alive or commencee)
            ):
                self._fermer(arrivee)

    def handle_request(self, req: Any, conn: TConn) -> bool:
        """Answer one request; a client who does not read is one who left, not an error of ours."""
        try:
            return bool(super().handle_request(req, conn))
        except BlockingIOError as attente:
            raise ConnectionResetError(errno.ECONNRESET, "the client does not read its answer") from attente
