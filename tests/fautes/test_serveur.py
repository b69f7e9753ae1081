"""The shipped command, as the image starts it: clients who send slowly, or nothing, hold nobody up (issue 9, item 9)."""

import logging
import os
import resource
import selectors
import shlex
import socket
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
from gunicorn.config import Config
from gunicorn.glogging import Logger
from gunicorn.workers.gthread import TConn, ThreadWorker

from espacepro import serveur
from espacepro.journalisation import FormatMasque
from tests.fautes.scenes import RACINE, commande, demander, servir


@pytest.fixture(scope="module")
def erreurs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the shipped command's own lines go."""
    return tmp_path_factory.mktemp("serveur") / "erreurs"


@pytest.fixture(scope="module")
def port(erreurs: Path) -> Iterator[int]:
    """The port where the shipped command listens."""
    with erreurs.open("wb") as sortie, servir({}, erreurs=sortie) as port:
        yield port


def ouvrir(pile: ExitStack, port: int, octets: bytes) -> socket.socket:
    prise = pile.enter_context(socket.create_connection(("127.0.0.1", port), timeout=20))
    prise.sendall(octets)
    return prise


def poste(longueur: int, corps: bytes = b"", autres: bytes = b"") -> bytes:
    return (
        b"POST /connexion/ HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        + autres
        + b"Content-Length: %d\r\n\r\n" % longueur
        + corps
    )


def reponse(prise: socket.socket) -> bytes:
    recu = b""
    try:
        while morceau := prise.recv(65_536):
            recu += morceau
    except ConnectionResetError:
        pass
    return recu


def ligne_ecrite(texte: str, *arguments: str) -> str:
    """The line that gunicorn's journal writes of it."""
    ligne = logging.LogRecord("gunicorn.error", logging.ERROR, "", 0, texte, arguments, None)
    return FormatMasque(Logger.error_fmt, Logger.datefmt).format(ligne)


def test_quarante_envois_muets_ne_retiennent_personne(port: int) -> None:
    with ExitStack() as pile:
        for rang in range(40):
            ouvrir(
                pile, port, [poste(1000), poste(1000, b"username="), b"POST /connexion/ HTTP/1.1\r\nHost:"][rang % 3]
            )
        time.sleep(0.5)
        mesures = [demander(port) for _ in range(20)]
    assert {statut for statut, _ in mesures} == {200}
    assert max(duree for _, duree in mesures) < 3


def test_qui_ne_raccroche_pas_ne_retient_personne(port: int) -> None:
    """Answered, told that the connection closes, and still there: gunicorn's own closing waits two seconds for each."""
    with ExitStack() as pile:
        restees = [
            ouvrir(pile, port, b"GET /robots.txt HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            for _ in range(12)
        ]
        assert {prise.recv(12) for prise in restees} == {b"HTTP/1.1 200"}
        assert max(demander(port)[1] for _ in range(5)) < 1.5


def limiter_les_fichiers() -> None:
    """In the child: as few files as a machine may give by default, so that the places are soon taken."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (400, 400))


def test_aucune_demande_ne_se_perd_quand_les_lents_s_en_vont() -> None:
    """Three times more connections than both processes may hold: the honest are all answered, then and after."""
    with servir({}, limiter_les_fichiers) as port, ExitStack() as pile, ThreadPoolExecutor(8) as equipe:
        promesses = []
        for rang in range(1200):
            ouvrir(pile, port, poste(1000))
            if rang % 20 == 0:
                promesses.append(equipe.submit(demander, port, 60))
        pile.close()
        promesses += [equipe.submit(demander, port, 60) for _ in range(40)]
        assert {promesse.result()[0] for promesse in promesses} == {200}


def test_une_demande_illisible_n_ecrit_pas_ce_qui_etait_cherche(port: int, erreurs: Path) -> None:
    with ExitStack() as pile:
        ligne = b"GET /gestion/chercher/?q=marie.martin%40exemple.fr\r\nHost: localhost\r\n\r\n"
        assert reponse(ouvrir(pile, port, ligne)).startswith(b"HTTP/1.1 400")
    ecrit = erreurs.read_text()
    assert "Invalid" in ecrit
    assert "marie.martin" not in ecrit
    assert "?q=***" in ligne_ecrite("Error handling request /gestion/?q=%s", "marie")


def test_une_demande_lente_mais_entiere_est_servie(port: int) -> None:
    """Sent byte by byte, in two requests on one connection, and with the word asked before the body."""
    corps = b"username=a%40exemple.fr&password=x"
    with ExitStack() as pile:
        prise = ouvrir(pile, port, b"")
        for octet in poste(len(corps), corps, b"Connection: keep-alive\r\n"):
            prise.sendall(bytes([octet]))
        prise.sendall(b"GET /robots.txt HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        recu = reponse(prise)
        assert recu.startswith(b"HTTP/1.1 403")  # no token: the portal has read the form
        assert recu.count(b"HTTP/1.1 ") == 2
        assert b"User-agent" in recu
        prise = ouvrir(pile, port, poste(len(corps), autres=b"Expect: 100-continue\r\nConnection: close\r\n"))
        assert prise.recv(100).startswith(b"HTTP/1.1 100 ")
        prise.sendall(corps)
        assert b"HTTP/1.1 403" in reponse(prise)


@pytest.mark.parametrize(
    ("octets", "statut"),
    [
        (poste(200_000_000, b"x" * 500_000), b"413"),
        (poste(2_000_000, b"x" * 500_000), b"413"),
        (poste(13_000_000, b"x" * 500_000).replace(b"/connexion/", b"/espace/messages/ecrire/", 1), b"413"),
        (b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n", b"411"),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"y" * 40_000, b"431"),
        (poste(5, b"abcde", b"Content-Length: 9\r\n"), b"400"),
        # gunicorn reads a thousand there, and would wait for it in a thread
        (poste(1000).replace(b": 1000", b": 00000000000000000001000"), b"400"),
        (poste(1000).replace(b": 1000", b": +1000"), b"400"),
    ],
)
def test_ce_qui_est_trop_long_ou_ne_se_lit_pas_est_refuse_aussitot(port: int, octets: bytes, statut: bytes) -> None:
    with ExitStack() as pile:
        debut = time.monotonic()
        prise = ouvrir(pile, port, b"")
        try:
            prise.sendall(octets)
        except ConnectionError:
            pass
        recu = reponse(prise)
        assert recu.startswith(b"HTTP/1.1 " + statut)
        assert statut == b"400" or "Rien n’a été enregistré" in recu.decode()
        assert time.monotonic() - debut < 5


def test_ce_qui_attend_un_fil_est_borne(monkeypatch: pytest.MonkeyPatch) -> None:
    """No thread is free: long requests that are whole wait up to so many bytes; the next are refused, short ones pass."""
    monkeypatch.setattr(serveur, "MEMOIRE_MAX", 300_000)
    confiees: list[TConn] = []
    monkeypatch.setattr(ThreadWorker, "enqueue_req", lambda _, conn: confiees.append(conn))
    configuration = Config()
    travailleur = serveur.TravailleurPatient(1, os.getpid(), [], None, 30, configuration, Logger(configuration))
    with ExitStack() as pile:
        travailleur.poller = pile.enter_context(selectors.DefaultSelector())
        pile.callback(travailleur.tmp.close)

        def envoyer(longueur: int) -> bytes:
            ici, la = (pile.enter_context(prise) for prise in socket.socketpair())
            la.sendall(poste(longueur, b"x" * longueur))
            travailleur.enqueue_req(TConn(configuration, ici, ("127.0.0.1", 1), ("127.0.0.1", 2)))
            while evenements := travailleur.poller.select(0):
                for cle, _ in evenements:
                    cle.data(cle.fileobj)
            la.setblocking(False)
            try:
                return la.recv(12)
            except BlockingIOError:
                return b""

        assert [envoyer(100_000) for _ in range(3)] == [b"", b"", b"HTTP/1.1 503"]
        assert envoyer(1000) == b""
        assert len(confiees) == 3
        finie: Future[bool] = Future()
        finie.set_result(False)
        travailleur.finish_request(confiees[0], finie)
        assert envoyer(100_000) == b""


def test_la_commande_livree_est_la_meme_partout() -> None:
    """The image, the documentation and the demonstration start one and the same server."""
    mots = [mot for mot in commande() if mot not in ("--bind", "0.0.0.0:8000")]
    assert shlex.join(mots) in (RACINE / "docs" / "exploitation.md").read_text()
    superviseur = (RACINE / "espacepro" / "demonstration" / "superviseur.py").read_text()
    assert all(f'"{mot}"' in superviseur for mot in mots)
