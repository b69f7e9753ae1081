"""A small daemon that speaks ClamAV's INSTREAM over a real socket, and may be asked to fail as the real one does."""

import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .scenes import EICAR


class FauxClamd:
    """Answers what `humeur` says: `juste`, or a fault. `recus` holds the streams that it was sent."""

    def __init__(self, chemin: Path) -> None:
        self.adresse = f"unix:{chemin}"
        self.humeur = "juste"
        self.recus: list[bytes] = []
        self.prise = socket.socket(socket.AF_UNIX)
        self.prise.bind(str(chemin))
        self.prise.listen(8)

    def servir(self) -> None:
        while True:
            try:
                client, _ = self.prise.accept()
            except OSError:
                return
            with client:
                try:
                    self.repondre(client)
                except (OSError, struct.error):  # who was sending has gone
                    continue

    def repondre(self, client: socket.socket) -> None:
        commande = b""
        while not commande.endswith(b"\0"):
            commande += client.recv(1)
        if commande == b"zPING\0":
            client.sendall(b"" if self.humeur == "fige" else b"PONG\0")
            time.sleep(0.3 if self.humeur == "fige" else 0)
            return
        if self.humeur == "trop_long":
            client.sendall(b"INSTREAM size limit exceeded. ERROR\0")
            return
        if self.humeur == "meurt":
            client.recv(10)
            return
        recu = self.recevoir(client)
        self.recus.append(recu)
        match self.humeur:
            case "juste":
                client.sendall(b"stream: Eicar-Test-Signature FOUND\0" if EICAR in recu else b"stream: OK\0")
            case "fige":
                time.sleep(0.3)
            case "goutte":
                for octet in b"stream: OK":
                    client.sendall(bytes([octet]))
                    time.sleep(0.05)
            case "coupe":
                client.sendall(b"stream: OK")
            case autre:
                client.sendall(autre.encode() + b"\0")

    @staticmethod
    def recevoir(client: socket.socket) -> bytes:
        with client.makefile("rb") as flux:
            recu = b""
            while longueur := struct.unpack("!I", flux.read(4))[0]:
                recu += flux.read(longueur)
            return recu


@contextmanager
def faux_clamd(chemin: Path) -> Iterator[FauxClamd]:
    faux = FauxClamd(chemin)
    fil = threading.Thread(target=faux.servir, daemon=True)
    fil.start()
    try:
        yield faux
    finally:
        faux.prise.shutdown(socket.SHUT_RDWR)
        faux.prise.close()
        fil.join(5)
