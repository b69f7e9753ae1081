"""The gate of what is shipped: `python -m tests.production`, one of those of `.ci/run`.

Everything runs as in the image: the files that `.dockerignore` lets in, on a virtual environment made from `requirements.txt` alone, with
the commands of `Dockerfile` and `docker-compose.yml`, in production mode. PostgreSQL, Valkey and the mail catcher stand in for
servers and come from the development's wheels. A visitor then creates an espace, follows the link of the mail, signs in and asks for a
service; the worker makes the letter. The environment is kept in the state folder until the requirements change.
"""

import base64
import email
import fcntl
import hashlib
import http.cookiejar
import json
import os
import re
import secrets
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from email.message import Message
from pathlib import Path
from typing import Any, NoReturn

import psycopg
from aiosmtpd.controller import Controller

from espacepro.demonstration.embarque import ServeurIndisponible, preparer_dossier
from espacepro.demonstration.environnement import (
    CLES,
    RACINE,
    arreter_serveurs,
    demarrer_serveurs,
    dossier_etat,
    url_de_l_application,
)
from espacepro.demonstration.superviseur import ADRESSE, _finir_avec_le_pere, _port_libre

SITE = "https://portail.example.org"
SIREN = "552032534"  # of the INSEE extract that ships with the demonstration
PERSONNE = {
    "civilite": "MADAME",
    "prenom": "Amélie",
    "nom": "L'Hermite",
    "telephone": "01 23 45 67 89",
    "siren_appartenance": SIREN,
    "email": "amelie.lhermite@cabinet-dupont.fr",
    "mot_de_passe": secrets.token_urlsafe(18),
    "question_confiance": "PHRASE",
    "reponse_confiance": f"cerf-volant {secrets.token_hex(6)}",
    "cgu": "on",
}
SERVICES = ("worker", "worker-courriels", "worker-analyses", "beat")
PREPARATION = 300  # seconds: libraries and static files, from nothing
REPONSE = 60  # seconds: for a process to start, a mail to come, a letter to be made
LIGNES_MONTREES = 40


class Echec(Exception):
    """What is shipped does not work; the message says where."""


class Boite:
    """The mail catcher's handler: keeps what comes."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    async def handle_DATA(self, _serveur: Any, _session: Any, enveloppe: Any) -> str:
        self.messages.append(email.message_from_bytes(enveloppe.content))
        return "250 OK"

    def texte(self, sujet: str) -> str | None:
        """Return the plain text of the first message with this subject."""
        for message in self.messages:
            if str(email.header.make_header(email.header.decode_header(message["Subject"]))) == sujet:
                partie = next(p for p in message.walk() if p.get_content_type() == "text/plain")
                return partie.get_payload(decode=True).decode()
        return None


class Portail:
    """What is shipped, its files in a folder and its processes; each has a log."""

    def __init__(self, dossier: Path, environnement: dict[str, str]) -> None:
        self.image, self.journaux = dossier / "image", dossier / "journaux"
        self.environnement = environnement
        self.enfants: dict[str, subprocess.Popen[bytes]] = {}
        for neuf in (self.image, self.journaux):
            neuf.mkdir()
        for nom in re.findall(r"^!(\S+)$", (RACINE / ".dockerignore").read_text(), re.MULTILINE):
            copier = shutil.copytree if (RACINE / nom).is_dir() else shutil.copy2
            copier(RACINE / nom, self.image / nom)

    def lancer(self, nom: str, commande: list[str], environnement: dict[str, str] | None = None) -> None:
        with (self.journaux / nom).open("wb") as journal:
            self.enfants[nom] = subprocess.Popen(
                commande,
                env=self.environnement | (environnement or {}),
                cwd=self.image,
                stdin=subprocess.DEVNULL,
                stdout=journal,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_finir_avec_le_pere,
            )

    def finir(self, nom: str) -> None:
        """Wait for a process that ends by itself. Raises: Echec."""
        try:
            code = self.enfants[nom].wait(PREPARATION)
        except subprocess.TimeoutExpired:
            code = None
        if code != 0:
            raise Echec(f"{nom}: exit {code}")
        del self.enfants[nom]

    def attendre[T](self, quoi: str, condition: Callable[[], T | None]) -> T:
        """Return what `condition` ends up giving. Raises: Echec when a process is dead, or after a time."""
        fin = time.monotonic() + REPONSE
        while time.monotonic() < fin:
            self.verifier_en_vie()
            if resultat := condition():
                return resultat
            time.sleep(0.1)
        raise Echec(f"{quoi}: nothing after {REPONSE} s")

    def verifier_en_vie(self) -> None:
        for nom, enfant in self.enfants.items():
            if enfant.poll() is not None:
                raise Echec(f"{nom} is dead: exit {enfant.returncode}")

    def verifier_journaux(self) -> None:
        """Raise Echec where a process has logged a fault that it went on after."""
        for nom in self.enfants:
            if re.search(r'Traceback|"level": "(error|critical)"', (self.journaux / nom).read_text(errors="replace")):
                raise Echec(f"{nom} has logged an error")

    def arreter(self) -> None:
        for enfant in self.enfants.values():
            enfant.terminate()
        fin = time.monotonic() + 15
        for enfant in self.enfants.values():
            try:
                enfant.wait(max(0.1, fin - time.monotonic()))
            except subprocess.TimeoutExpired:
                os.killpg(enfant.pid, signal.SIGKILL)
                enfant.wait()

    def montrer_journaux(self) -> None:
        for journal in sorted(self.journaux.iterdir()):
            print(f"\n--- the end of {journal.name}'s log")
            print("\n".join(journal.read_text(errors="replace").splitlines()[-LIGNES_MONTREES:]))


class Visiteur:
    """A browser behind the TLS front: what it sends, the front completes (docs/exploitation.md)."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.base = f"http://{ADRESSE}:{port}"
        temoins = http.cookiejar.DefaultCookiePolicy(secure_protocols=("http", "https"))  # the front's side is https
        self.navigateur = urllib.request.build_opener(
            urllib.request.ProxyHandler({}),
            urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar(temoins)),
        )
        self.entetes = {
            "Host": urllib.parse.urlsplit(SITE).netloc,
            "X-Forwarded-Proto": "https",
            "X-Forwarded-For": "192.0.2.7",
            "Origin": SITE,
            # As Firefox: what says that it is a program is not let in (R17).
            "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            "Accept": "text/html,application/xhtml+xml,*/*;q=0.8",
            "Accept-Language": "fr,en;q=0.3",
            "Sec-Fetch-Dest": "document",
            "Sec-Fetch-Mode": "navigate",
            "Sec-Fetch-Site": "same-origin",
        }

    def lire(self, chemin: str, donnees: dict[str, Any] | None = None) -> tuple[str, str]:
        """Return the path where a request ends after its redirections, and the page. Raises: Echec, OSError."""
        corps = urllib.parse.urlencode(donnees, doseq=True).encode() if donnees is not None else None
        requete = urllib.request.Request(self.base + chemin, corps, self.entetes)
        try:
            with self.navigateur.open(requete, timeout=30) as reponse:
                return urllib.parse.urlsplit(reponse.url).path, reponse.read().decode()
        except urllib.error.HTTPError as erreur:
            raise Echec(f"{requete.get_method()} {chemin}: {erreur.code} {erreur.reason}") from erreur

    def envoyer(self, chemin: str, donnees: dict[str, Any], *, arrivee: str) -> str:
        """Open the page of a form, post it, and return where it led. Raises: Echec when it does not lead to `arrivee`."""
        formulaire = self.lire(chemin)[1]
        jeton = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', formulaire)
        if jeton is None:
            raise Echec(f"GET {chemin}: no form")
        servi = re.search(r'name="servi" value="([^"]+)"', formulaire)
        saisie = {**donnees, "csrfmiddlewaretoken": jeton[1]} | ({} if servi is None else {"servi": servi[1]})
        ou, page = self.lire(chemin, saisie)
        if relue := re.search(r'name="apercu" value="(\w+)"', page):  # what a letter will be is read before it leaves
            ou, page = self.lire(chemin, {**saisie, "apercu": relue[1]})
        if not re.fullmatch(arrivee, ou):
            erreurs = re.findall(r'class="fr-(?:error-text|message fr-message--error)[^>]*>\s*([^<]+)', page)
            raise Echec(f"POST {chemin} led to {ou}, not to {arrivee}: {erreurs}")
        return ou


def commandes(port: int, dossier: Path) -> dict[str, list[str]]:
    """Return the commands as they are shipped; the port and beat's file alone are ours, since others may run on this machine."""
    compose = (RACINE / "docker-compose.yml").read_text()
    dockerfile = re.search(r"^CMD (\[.+\])$", (RACINE / "Dockerfile").read_text(), re.MULTILINE)
    trouvees = {
        nom: re.search(rf"^  {nom}:\n(?:    .*\n)*?    command: (.+)$", compose, re.MULTILINE)
        for nom in ("migration", *SERVICES)
    }
    if dockerfile is None or None in trouvees.values():
        raise Echec("the commands of Dockerfile and docker-compose.yml were not found")
    livrees = {nom: shlex.split(trouvee[1]) for nom, trouvee in trouvees.items() if trouvee}
    livrees["web"] = [mot.replace("0.0.0.0:8000", f"{ADRESSE}:{port}") for mot in json.loads(dockerfile[1])]
    livrees["beat"] = [mot.replace("/tmp/beat", str(dossier / "beat")) for mot in livrees["beat"]]  # noqa: S108
    return livrees


def installer(venv: Path) -> None:
    """Make the environment of production as Dockerfile does, unless it was made from these requirements and this Python."""
    libs, temoin = RACINE / "requirements.txt", venv.with_suffix(".sha256")
    empreinte = hashlib.sha256(sys.version.encode() + libs.read_bytes()).hexdigest()
    if temoin.exists() and temoin.read_text() == empreinte:
        return
    dire("Installing requirements.txt, and nothing else…")
    temoin.unlink(missing_ok=True)
    pip = [str(venv / "bin" / "pip"), "install", "-qq", "--disable-pip-version-check", "--no-input"]
    for commande in (
        [sys.executable, "-m", "venv", "--clear", str(venv)],
        [*pip, "--require-hashes", "-r", str(libs)],
    ):
        subprocess.run(commande, stdin=subprocess.DEVNULL, check=True, timeout=PREPARATION)
    temoin.write_text(empreinte)


def eprouver(garde: Path, dossier: Path) -> None:
    """Install, start, use and stop what is shipped. Raises: Echec."""
    venv = garde / "venv"
    installer(venv)
    boite, port, port_courriel = Boite(), _port_libre(), _port_libre()
    proxys = re.search(r'^    PROXYS: "(\d+)"$', (RACINE / "docker-compose.yml").read_text(), re.MULTILINE)
    portail = Portail(
        dossier,
        {
            "PATH": f"{venv / 'bin'}:/usr/local/bin:/usr/bin:/bin",
            "HOME": str(dossier),
            "LANG": "C.UTF-8",
            "ESPACEPRO_MODE": "production",
            "ESPACEPRO_ETAT": str(dossier / "etat"),
            "STATIC_ROOT": str(dossier / "statiques"),
            "ALLOWED_HOSTS": urllib.parse.urlsplit(SITE).netloc,
            "SITE_URL": SITE,
            "ANTIVIRUS": "aucun",
            "PROXYS": proxys[1] if proxys else "0",
            "EMAIL_URL": f"smtp://{ADRESSE}:{port_courriel}",
            **{nom: base64.urlsafe_b64encode(secrets.token_bytes(40)).decode() for nom in CLES},
            **(serveurs := demarrer_serveurs(dossier, {}, durable=False)),
            "DATABASE_URL": url_de_l_application(serveurs["DATABASE_URL"]),  # as docker-compose.yml: it owns nothing
        },
    )
    courriels = Controller(boite, hostname=ADRESSE, port=port_courriel)
    courriels.start()
    try:
        livrees = commandes(port, dossier)
        preparer(portail, livrees["migration"], serveurs["DATABASE_URL"])
        dire("Starting web, workers and beat…")
        for nom in ("web", *SERVICES):
            portail.lancer(nom, livrees[nom])
        parcourir(portail, Visiteur(port), boite)
        portail.attendre("a job sent by beat", lambda: "Sending due task" in (portail.journaux / "beat").read_text())
        portail.verifier_en_vie()
        portail.verifier_journaux()
    except Echec:
        portail.montrer_journaux()
        raise
    finally:
        portail.arreter()
        courriels.stop()


def preparer(portail: Portail, migration: list[str], proprietaire: str) -> None:
    """Make the schema and the roles, the catalogue, the static files and a few companies."""
    dire("Migrating, loading the catalogue, collecting the static files…")
    application = portail.environnement["DATABASE_URL"]
    portail.lancer("migration", migration, {"DATABASE_URL": proprietaire, "DATABASE_URL_APPLICATION": application})
    portail.lancer("collectstatic", ["python", "manage.py", "collectstatic", "--no-input", "-v", "0"])
    portail.finir("migration")
    sirene = sorted((RACINE / "espacepro" / "demonstration" / "sirene").glob("*.csv"), reverse=True)
    portail.lancer("importation", ["python", "manage.py", "importer_personnes", *map(str, sirene)])
    portail.finir("importation")
    controle = ["python", "manage.py", "check", "--deploy", "--database", "default", "--fail-level", "WARNING"]
    portail.lancer("controle", controle)
    portail.finir("controle")
    portail.finir("collectstatic")


def parcourir(portail: Portail, visiteur: Visiteur, boite: Boite) -> None:
    """Create an espace, sign in, and have a letter made. Raises: Echec."""

    def sante() -> bool:
        try:
            return visiteur.lire("/sante/")[0] == "/sante/"
        except OSError:
            return False

    portail.attendre("web", sante)
    visiteur.envoyer("/inscription/expert/", PERSONNE, arrivee="/inscription/envoyee/")
    texte = portail.attendre("the mail with the link", lambda: boite.texte("Confirmez votre adresse électronique"))
    lien = re.search(rf"^{re.escape(SITE)}(/lien/\S+)", texte, re.MULTILINE)
    if lien is None:
        raise Echec(f"no link in the mail:\n{texte}")
    visiteur.envoyer(lien[1], {}, arrivee="/inscription/confirmee/")
    dire("A mail came by SMTP, and its link opened the espace.")
    if (ou := visiteur.lire("/espace/")[0]) != "/espace/identifiants/question/changee/":
        raise Echec(f"the browser that typed the password and followed the link is led to {ou}")
    dire("Its holder is signed in, and is offered the récapitulatif.")
    identifiants = {"username": PERSONNE["email"], "password": PERSONNE["mot_de_passe"]}
    Visiteur(visiteur.port).envoyer("/connexion/", identifiants, arrivee="/espace/.*")
    dire("Another browser signs in with the password.")
    adhesion = {"qualite": "MANDATAIRE", "services": ["DECL_TVA", "PAY_TVA"]}
    suivi = "/espace/demandes/[^/]+/"
    visiteur.envoyer(f"/espace/gerer-les-services/adherer/?siren={SIREN}", adhesion, arrivee=suivi)
    with psycopg.connect(portail.environnement["DATABASE_URL"], autocommit=True) as base:
        requete = "SELECT count(*) FROM activation_courrier WHERE etat = 'EDITE' AND empreinte <> ''"
        portail.attendre("the letter", lambda: base.execute(requete).fetchone() == (1,))
    portail.attendre("the mail about the letter", lambda: boite.texte("Le courrier de votre demande est prêt"))
    portail.lancer("journal", ["python", "manage.py", "verifier_journal"])
    portail.finir("journal")
    dire(f"The worker has made the letter; {len(boite.messages)} mails came in all.")


def dire(texte: str) -> None:
    print(f"{time.monotonic() - DEBUT:5.1f} s  {texte}", flush=True)


def principal() -> None:
    """Run the gate; exit with 1, the processes' logs and a message when something fails."""

    def interrompre(*_: object) -> NoReturn:
        sys.exit(130)

    signal.signal(signal.SIGTERM, interrompre)
    garde = preparer_dossier(preparer_dossier(dossier_etat(os.environ)) / "production")
    with (garde / "verrou").open("a") as verrou:
        fcntl.flock(verrou, fcntl.LOCK_EX)  # two gates at once: the second waits
        for ancien in garde.glob("essai-*"):  # a run was killed
            nettoyer(ancien)
        dossier = Path(tempfile.mkdtemp(prefix="essai-", dir=garde))
        dossier.chmod(0o711)  # PostgreSQL, which is not root, goes through it
        try:
            eprouver(garde, dossier)
        except (Echec, ServeurIndisponible, subprocess.SubprocessError) as erreur:
            sys.exit(f"tests.production: {erreur}")
        finally:
            nettoyer(dossier)
    dire("What is shipped works.")


def nettoyer(dossier: Path) -> None:
    arreter_serveurs(dossier)
    shutil.rmtree(dossier)


DEBUT = time.monotonic()
if __name__ == "__main__":
    principal()
