"""`python3 run.py demo`: the whole portal on one machine, started, watched over and stopped by one process.

Servers and processes run on the loopback address and on Unix sockets alone. A process that dies is started again, later and later;
if this process itself is killed, Linux ends its children, and the next start finds the servers where they were.
"""

import argparse
import ctypes
import fcntl
import http.client
import os
import signal
import smtplib
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TextIO

import celery

from espacepro.demonstration.comptes import COMPTES
from espacepro.demonstration.embarque import ServeurIndisponible, preparer_dossier
from espacepro.demonstration.environnement import (
    CLES,
    RACINE,
    arreter_serveurs,
    demarrer_serveurs,
    dossier_etat,
    environnement_herite,
    lire_cles,
    url_de_l_application,
)

PORT = 8000
ADRESSE = "127.0.0.1"
OUVRIERS = {"worker": "celery", "worker-courriels": "courriels", "worker-analyses": "analyses"}
"""The queue that each worker serves (espacepro/taches.py)."""
ROLES = [sys.executable, "manage.py", "preparer_roles", "--migrer", "-v", "0"]
CHARGER = [sys.executable, "manage.py", "charger_demonstration"]
DELAI_PRET = 90
DELAI_ARRET = 20
PAUSE = 0.2
ENTRE_DEUX_RONDES = 3.0
PAUSE_MAXIMALE = 60.0
MORTS_ADMISES_AU_DEPART = 3
LIGNES_MONTREES = 15
PR_SET_PDEATHSIG = 1

_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


class Echec(Exception):
    """The demonstration cannot start; the message says why and what to do."""


class Interrompu(Exception):
    """Ctrl-C or SIGTERM came."""


def _noeud(nom: str) -> str:
    return f"demonstration-{nom}@{socket.gethostname()}"


def _options_ouvrier(nom: str) -> list[str]:
    return f"-n {_noeud(nom)} -Q {OUVRIERS[nom]} -c 2 --without-gossip --without-mingle -l INFO".split()


@dataclass
class Processus:
    """One long-running child, its log and what is known of its deaths."""

    nom: str
    commande: list[str]
    journal: Path
    enfant: subprocess.Popen[bytes] | None = None
    lance_a: float = 0.0
    relance_a: float = 0.0
    morts: int = field(default=0)

    def lancer(self, environnement: dict[str, str]) -> None:
        with self.journal.open("ab") as journal:
            self.enfant = subprocess.Popen(
                self.commande,
                env=environnement,
                cwd=RACINE,
                stdin=subprocess.DEVNULL,
                stdout=journal,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # the terminal's Ctrl-C reaches us alone
                preexec_fn=_finir_avec_le_pere,
            )
        self.lance_a = time.monotonic()

    def surveiller(self, environnement: dict[str, str]) -> None:
        """Start the child again when it is dead and its pause is over: 1 s, 2 s, 4 s… up to a minute."""
        maintenant = time.monotonic()
        if self.enfant is not None and self.enfant.poll() is not None:
            self.morts = 1 if maintenant - self.lance_a > PAUSE_MAXIMALE else self.morts + 1
            pause = min(2.0 ** (self.morts - 1), PAUSE_MAXIMALE)
            _dire(f"{self.nom} stopped (exit {self.enfant.returncode}), again in {pause:.0f} s; see {self.journal}")
            self.enfant, self.relance_a = None, maintenant + pause
        if self.enfant is None and maintenant >= self.relance_a:
            self.lancer(environnement)

    def signaler(self, numero: int) -> None:
        """Send a signal to the child: SIGKILL to its whole group, any other to itself, which tells its own children."""
        if self.enfant is None or self.enfant.poll() is not None:
            return
        if numero == signal.SIGKILL:
            os.killpg(self.enfant.pid, numero)
        else:
            self.enfant.send_signal(numero)


class Superviseur:
    """Starts everything in order, waits until it answers, keeps it alive, stops it."""

    def __init__(self, etat: Path, port: int) -> None:
        self.etat = etat
        self.port = port
        self.journaux = preparer_dossier(etat / "journaux", 0o700)
        self.environnement: dict[str, str] = {}
        self.processus: list[Processus] = []
        self.signaux = 0
        self.port_courriel: int | None = None
        self.monde: Processus | None = None

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}/"

    def conduire(self) -> None:
        """Run until a signal comes. Raises: Echec, ServeurIndisponible."""
        for numero in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(numero, self._noter_signal)
        try:
            self._preparer()
            self._lancer_processus()
            self._attendre_que_tout_reponde()
            _dire(self._annonce())
            self._peupler()
            self._veiller()
        except Interrompu:
            pass
        finally:
            self._arreter()

    def _noter_signal(self, _numero: int, _cadre: object) -> None:
        self.signaux += 1

    def _preparer(self) -> None:
        _dire(f"Starting PostgreSQL and Redis (state kept in {self.etat})…")
        herite = environnement_herite()
        variables = {
            "ESPACEPRO_MODE": "demonstration",
            "ESPACEPRO_ETAT": str(self.etat),
            "SITE_URL": herite.get("SITE_URL") or self.url.rstrip("/"),
            **{nom: valeur for nom, valeur in lire_cles(self.etat / "cles.env").items() if not herite.get(nom)},
            **demarrer_serveurs(self.etat, herite),
        }
        if proprietaire := variables.get("DATABASE_URL"):  # ours: the portal runs under a role that owns nothing
            variables["DATABASE_URL_PROPRIETAIRE"] = proprietaire
            variables["DATABASE_URL"] = url_de_l_application(proprietaire)
        if not herite.get("EMAIL_URL"):
            self.port_courriel = _port_libre()
            variables["EMAIL_URL"] = f"smtp://{ADRESSE}:{self.port_courriel}"
        self.environnement = herite | variables
        _ecrire_prive(
            self.etat / "demo.env",
            "".join(
                f"{nom}={self.environnement[nom]}\n"
                for nom in sorted({*variables, *CLES, "DATABASE_URL", "REDIS_URL", "CELERY_BROKER_URL", "EMAIL_URL"})
            ),
        )
        _dire("Preparing the database and the demonstration data…")
        if proprietaire:
            application = {"DATABASE_URL": proprietaire, "DATABASE_URL_APPLICATION": variables["DATABASE_URL"]}
            self._executer("roles", ROLES, application)
        self._executer("preparation", [*CHARGER, "--sans-monde"])

    def _executer(self, nom: str, commande: list[str], environnement: dict[str, str] | None = None) -> None:
        processus = Processus(nom, commande, self.journaux / f"{nom}.log")
        processus.journal.unlink(missing_ok=True)
        self.processus.append(processus)
        processus.lancer(self.environnement | (environnement or {}))
        while processus.enfant is not None and processus.enfant.poll() is None:
            self._patienter()
        self.processus.remove(processus)
        if processus.enfant is not None and processus.enfant.returncode:
            raise Echec(f"{' '.join(commande[1:])} failed:\n{_fin(processus.journal)}")

    def _lancer_processus(self) -> None:
        celery_ = [sys.executable, "-m", "celery", "-A", "espacepro"]
        web = ["gunicorn", "-c", "python:espacepro.serveur", "--bind", f"{ADRESSE}:{self.port}"]
        commandes = {
            "web": [sys.executable, "-m", *web, "espacepro.wsgi:application"],
            **{nom: [*celery_, "worker", *_options_ouvrier(nom)] for nom in OUVRIERS},
            "beat": [*celery_, "beat", "-s", str(self.etat / "beat"), "--pidfile=", "-l", "INFO"],
        }
        if self.port_courriel:
            maildir = str(self.etat / "courriels")  # made by the catcher, with mode 0700
            boite = ["-n", "-c", "aiosmtpd.handlers.Mailbox", maildir, "-l", f"{ADRESSE}:{self.port_courriel}"]
            commandes["courriels"] = [sys.executable, "-m", "aiosmtpd", *boite]
        for nom, commande in commandes.items():
            processus = Processus(nom, commande, self.journaux / f"{nom}.log")
            processus.journal.unlink(missing_ok=True)
            self.processus.append(processus)
            processus.lancer(self.environnement)

    def _attendre_que_tout_reponde(self) -> None:
        _dire("Waiting for web, workers, beat and mail…")
        epreuves: dict[str, Callable[[], bool]] = {
            "web": self._web_repond,
            **{nom: partial(self._ouvrier_repond, nom) for nom in OUVRIERS},
            "beat": lambda: True,
        }
        if self.port_courriel:
            epreuves["courriels"] = self._courriel_repond
        fin = time.monotonic() + DELAI_PRET
        while epreuves:
            self._patienter()
            for processus in self.processus:
                processus.surveiller(self.environnement)
                if processus.morts >= MORTS_ADMISES_AU_DEPART:
                    raise Echec(f"{processus.nom} does not start:\n{_fin(processus.journal)}")
            epreuves = {nom: repond for nom, repond in epreuves.items() if not repond()}
            if epreuves and time.monotonic() > fin:
                journaux = "\n".join(_fin(self.journaux / f"{nom}.log") for nom in epreuves)
                raise Echec(f"No answer after {DELAI_PRET} s from {', '.join(epreuves)}:\n{journaux}")

    def _web_repond(self) -> bool:
        connexion = http.client.HTTPConnection(ADRESSE, self.port, timeout=5)
        try:
            connexion.request("GET", "/sante/")
            return connexion.getresponse().status == http.HTTPStatus.OK
        except (http.client.HTTPException, OSError):
            return False
        finally:
            connexion.close()

    def _ouvrier_repond(self, nom: str) -> bool:
        with celery.Celery(broker=self.environnement["CELERY_BROKER_URL"]) as application:
            return bool(application.control.ping(destination=[_noeud(nom)], timeout=1))

    def _courriel_repond(self) -> bool:
        try:
            with smtplib.SMTP(ADRESSE, self.port_courriel or 0, timeout=5) as serveur:
                return serveur.noop()[0] == 250
        except OSError:
            return False

    def _peupler(self) -> None:
        """Have the invented people and companies made, beside the portal that answers already: once, never again if it dies."""
        self.monde = Processus("monde", CHARGER, self.journaux / "monde.log")
        self.monde.journal.unlink(missing_ok=True)
        self.monde.lancer(self.environnement)

    def _annoncer_le_monde(self) -> None:
        if self.monde is None or self.monde.enfant is None or self.monde.enfant.poll() is None:
            return
        if self.monde.enfant.returncode:
            _dire(f"Some people of the demonstration are missing, start it again; {_fin(self.monde.journal)}")
        else:
            _dire("  Everybody of the demonstration is there.")
        self.monde = None

    def _veiller(self) -> None:
        ronde = time.monotonic()
        while True:
            self._patienter()
            self._annoncer_le_monde()
            for processus in self.processus:
                processus.surveiller(self.environnement)
            if time.monotonic() - ronde > ENTRE_DEUX_RONDES:
                try:
                    demarrer_serveurs(self.etat, environnement_herite())
                except ServeurIndisponible as erreur:
                    _dire(str(erreur))
                ronde = time.monotonic()

    def _patienter(self) -> None:
        if self.signaux:
            raise Interrompu
        time.sleep(PAUSE)
        if self.signaux:
            raise Interrompu

    def _arreter(self) -> None:
        _dire("Stopping…")
        if self.monde is not None:
            self.processus.append(self.monde)
        for processus in self.processus:
            processus.signaler(signal.SIGTERM)
        fin = time.monotonic() + DELAI_ARRET
        while any(p.enfant is not None and p.enfant.poll() is None for p in self.processus):
            if time.monotonic() > fin or self.signaux > 1:
                for processus in self.processus:
                    processus.signaler(signal.SIGKILL)
            time.sleep(PAUSE)
        arreter_serveurs(self.etat)
        (self.etat / "demo.env").unlink(missing_ok=True)

    def _annonce(self) -> str:
        lignes = [f"\n  The portal runs at {self.url}", f"  Mails, letters and accounts: {self.url}demonstration/\n"]
        lignes += [f"  {compte.role}\n      {compte.email}   {compte.mot_de_passe}" for compte in COMPTES]
        return "\n".join([*lignes, "\n  Ctrl-C stops everything and keeps the data."])


def principal(arguments: list[str] | None = None) -> None:
    """Run the demonstration and return when it is stopped; exit with 1 and a message when it cannot start."""
    analyseur = argparse.ArgumentParser(
        prog="run.py demo",
        description="Start the portal with embedded servers, a mail catcher and demonstration data, until Ctrl-C.",
        epilog="Example: python3 run.py demo --port 8080",
    )
    analyseur.add_argument(
        "--port", type=int, default=PORT, help=f"port of the web server on {ADRESSE} (default {PORT})"
    )
    options = analyseur.parse_args(arguments)
    try:
        etat = preparer_dossier(dossier_etat(os.environ))
        with (etat / "demo.verrou").open("a+") as verrou:
            _prendre(verrou)
            _exiger_port_libre(options.port)
            superviseur = Superviseur(etat, options.port)
            verrou.truncate(0)
            verrou.write(superviseur.url)
            verrou.flush()
            superviseur.conduire()
    except (Echec, ServeurIndisponible) as erreur:
        sys.exit(f"run.py demo: {erreur}")


def _prendre(verrou: TextIO) -> None:
    try:
        fcntl.flock(verrou, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        verrou.seek(0)
        raise Echec(f"the demonstration of this folder already runs: {verrou.read()}") from None


def _exiger_port_libre(port: int) -> None:
    with socket.socket() as prise:
        prise.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            prise.bind((ADRESSE, port))
        except (OSError, OverflowError) as erreur:
            raise Echec(
                f"port {port} cannot be used ({erreur}): choose another with --port, such as --port 8080"
            ) from None


def _port_libre() -> int:
    with socket.socket() as prise:
        prise.bind((ADRESSE, 0))
        return int(prise.getsockname()[1])


def _ecrire_prive(fichier: Path, texte: str) -> None:
    fichier.touch(mode=0o600)
    fichier.write_text(texte)


def _finir_avec_le_pere() -> None:
    """In the child, before it becomes the program: ask Linux for SIGTERM when the supervisor dies."""
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _fin(journal: Path) -> str:
    """Return the last lines of a log, and where the rest is."""
    lignes = journal.read_text(errors="replace").splitlines()[-LIGNES_MONTREES:] if journal.exists() else []
    return "\n".join([*lignes, f"(whole log: {journal})"])


def _dire(texte: str) -> None:
    sys.stdout.write(f"{texte}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    principal()
