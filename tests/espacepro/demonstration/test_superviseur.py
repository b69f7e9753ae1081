"""The demonstration: its pages open in demonstration alone, its mails and letters, its supervisor from start to stop."""

import mailbox
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import IO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import include, path

from espacepro import urls
from espacepro.demonstration.comptes import COMPTES
from espacepro.demonstration.courriels import BoiteDemonstration
from espacepro.demonstration.environnement import CLES, demarrer_serveurs, lire_cles

RACINE = Path(__file__).resolve().parents[3]
urlpatterns = [*urls.urlpatterns, path("demonstration/", include("espacepro.demonstration.urls"))]


def _deposer(dossier: Path, sujet: str, html: str = "", piece: bytes = b"") -> str:
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = sujet, "portail@example.org", "lea@example.org"
    message["Date"] = "Mon, 23 Nov 2026 20:00:00 +0000"
    message.set_content("Bonjour, voici https://localhost/lien/")
    if html:
        message.add_alternative(html, subtype="html")
    if piece:
        message.add_attachment(piece, maintype="application", subtype="pdf", filename="récap.pdf")
    return mailbox.Maildir(dossier).add(message.as_bytes())


@pytest.fixture
def pages(settings, tmp_path: Path, client: Client) -> Client:
    """A browser on a portal that routes the demonstration's pages, whatever its mode."""
    settings.ROOT_URLCONF = __name__
    settings.ETAT = tmp_path
    settings.DEMONSTRATION = True
    return client


# --- Keys and mails


def test_les_cles_sont_tirees_une_fois_et_privees(tmp_path: Path) -> None:
    fichier = tmp_path / "cles.env"
    cles = lire_cles(fichier)
    assert set(cles) == set(CLES)
    assert len(set(cles.values())) == len(CLES)
    assert all(len(cle) == 44 for cle in cles.values())
    assert fichier.stat().st_mode & 0o777 == 0o600
    assert lire_cles(fichier) == cles


def test_une_cle_ajoutee_plus_tard_garde_les_autres(tmp_path: Path) -> None:
    fichier = tmp_path / "cles.env"
    cles = lire_cles(fichier)
    fichier.write_text("".join(f"{nom}={valeur}\n" for nom, valeur in cles.items() if nom != "CLE_JOURNAL"))
    relues = lire_cles(fichier)
    assert {nom: relues[nom] for nom in CLES if nom != "CLE_JOURNAL"} == {
        nom: cles[nom] for nom in CLES if nom != "CLE_JOURNAL"
    }
    assert relues["CLE_JOURNAL"] != cles["CLE_JOURNAL"]


def test_les_serveurs_nommes_sont_utilises(tmp_path: Path) -> None:
    donnes = {"DATABASE_URL": "postgres://ailleurs/base", "REDIS_URL": "unix:///ailleurs/redis.sock?db=1"}
    assert demarrer_serveurs(tmp_path, donnes) == {"CELERY_BROKER_URL": "redis+socket:///ailleurs/redis.sock"}
    assert list(tmp_path.iterdir()) == []


def test_la_boite_rend_les_courriels_du_plus_recent_au_plus_ancien(tmp_path: Path) -> None:
    dossier = tmp_path / "courriels"
    cles = [_deposer(dossier, f"Courriel {n}") for n in range(3)]
    for n, cle in enumerate(cles):
        next((dossier / "new").glob(f"*{cle}*")).rename(dossier / "new" / f"{1000 + n}.x{n}.hote")
    boite = BoiteDemonstration(dossier)
    assert [boite.lire(cle).sujet for cle in boite.cles()] == ["Courriel 2", "Courriel 1", "Courriel 0"]
    with pytest.raises(KeyError):
        boite.lire("../../etc/passwd")


def test_une_boite_qui_n_existe_pas_encore_est_vide(tmp_path: Path) -> None:
    assert BoiteDemonstration(tmp_path / "rien").cles() == []


# --- Pages


@pytest.mark.django_db
def test_la_page_d_accueil_donne_chaque_compte(pages: Client) -> None:
    html = pages.get("/demonstration/").content.decode()
    for compte in COMPTES:
        assert compte.email in html
        assert compte.mot_de_passe in html


def test_un_courriel_se_lit_et_sa_piece_se_telecharge(pages: Client, tmp_path: Path) -> None:
    cle = _deposer(tmp_path / "courriels", "Confirmez <votre> adresse", "<html><head></head><p>Bonjour</p>", b"%PDF-1")
    assert "Confirmez &lt;votre&gt; adresse" in pages.get("/demonstration/courriels/").content.decode()
    page = pages.get(f"/demonstration/courriels/{cle}/")
    assert '<a href="https://localhost/lien/"' in page.content.decode()
    assert "frame-src 'self'" in page.headers["Content-Security-Policy"]
    piece = pages.get(f"/demonstration/courriels/{cle}/pieces/0/")
    assert piece.content == b"%PDF-1"
    assert piece.headers["Content-Disposition"].startswith("attachment")
    assert pages.get(f"/demonstration/courriels/{cle}/pieces/1/").status_code == 404
    assert pages.get("/demonstration/courriels/inconnu/").status_code == 404


def test_la_partie_html_est_servie_dans_un_bac_a_sable(pages: Client, tmp_path: Path) -> None:
    cle = _deposer(tmp_path / "courriels", "Sujet", "<html><head></head><script>alert(1)</script>")
    reponse = pages.get(f"/demonstration/courriels/{cle}/html/")
    directives = dict(d.strip().partition(" ")[::2] for d in reponse.headers["Content-Security-Policy"].split(";"))
    assert directives["default-src"] == "'none'"
    assert "script-src" not in directives
    assert directives["sandbox"] == "allow-popups allow-popups-to-escape-sandbox"
    assert reponse.headers["X-Frame-Options"] == "SAMEORIGIN"


def test_un_port_pris_se_dit_avant_d_installer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as pris:
        commande = [sys.executable, "run.py", "demo", "--port", str(pris.getsockname()[1])]
        fini = subprocess.run(commande, capture_output=True, text=True, timeout=60, check=False)
    assert fini.returncode == 1
    assert "is in use" in fini.stderr
    assert "installing" not in fini.stderr


def test_les_courriels_sont_pagines(pages: Client, tmp_path: Path) -> None:
    for n in range(21):
        _deposer(tmp_path / "courriels", f"Courriel {n}")
    assert "?page=2" in pages.get("/demonstration/courriels/").content.decode()
    assert pages.get("/demonstration/courriels/?page=2").content.decode().count("Courriel 0") == 1


def test_les_courriels_d_une_seconde_restent_dans_leur_ordre(pages: Client, tmp_path: Path) -> None:
    """A Maildir name writes its microseconds without leading zeros: as words, 99999 came after 100000."""
    for rang, nom in enumerate(("7.M9P1Q1.x", "7.M99999P1Q2.x", "7.M100000P1Q9.x", "7.M100000P1Q10.x", "10.M1P1Q1.x")):
        cle = _deposer(tmp_path / "courriels", f"Courriel {rang}")
        (tmp_path / "courriels" / "new" / cle).rename(tmp_path / "courriels" / "new" / nom)
    page = pages.get("/demonstration/courriels/").content.decode()
    assert re.findall(r"Courriel (\d)", page) == ["4", "3", "2", "1", "0"]


@pytest.mark.django_db
def test_sans_courriel_ni_courrier_les_pages_disent_que_faire(pages: Client) -> None:
    assert "Aucun courriel n’est encore parti" in pages.get("/demonstration/courriels/").content.decode()
    assert "Aucun courrier n’est encore arrivé" in pages.get("/demonstration/courriers/").content.decode()


@pytest.mark.parametrize(
    "chemin",
    [
        "",
        "courriels/",
        "courriels/cle/",
        "courriels/cle/html/",
        "courriels/cle/pieces/0/",
        "courriers/",
        "courriers/00000000-0000-0000-0000-000000000000.pdf",
    ],
)
def test_hors_demonstration_meme_routee_une_page_est_absente(
    pages: Client, settings, tmp_path: Path, chemin: str
) -> None:
    """No database here: a page that is not refused at once fails by asking for it."""
    cle = _deposer(tmp_path / "courriels", "Secret", "<p>Secret</p>", b"%PDF-1")
    settings.DEMONSTRATION = False
    assert pages.get(f"/demonstration/{chemin.replace('cle', cle)}").status_code == 404


def test_le_chargement_est_refuse_hors_demonstration(settings) -> None:
    settings.DEMONSTRATION = False
    with pytest.raises(CommandError, match="publics"):
        call_command("charger_demonstration")


def _interroger_les_urls(mode: str, **variables: str) -> str:
    """Ask a fresh process, in this mode, whether the demonstration is on and whether its page is routed."""
    programme = (
        "import django; django.setup()\n"
        "from django.conf import settings\n"
        "from django.urls import resolve, Resolver404\n"
        "try: resolve('/demonstration/'); route = True\n"
        "except Resolver404: route = False\n"
        "print(settings.DEMONSTRATION, route)"
    )
    environnement = os.environ | {"ESPACEPRO_MODE": mode, "DJANGO_SETTINGS_MODULE": "espacepro.settings"} | variables
    sortie = subprocess.run(
        [sys.executable, "-c", programme], env=environnement, cwd=RACINE, capture_output=True, text=True, check=True
    )
    return sortie.stdout.strip()


def test_la_production_ne_peut_pas_ouvrir_la_demonstration() -> None:
    """Whatever other variables say, production routes none of these pages."""
    ouvrir = {"DEMONSTRATION": "1", "ESPACEPRO_DEMONSTRATION": "1", "DEBUG": "1"}
    production = {"ALLOWED_HOSTS": "portail.example.org", "SITE_URL": "https://portail.example.org"}
    assert _interroger_les_urls("production", **production, **ouvrir) == "False False"
    assert _interroger_les_urls("demonstration") == "True True"


# --- The supervisor


def _port_libre() -> int:
    with socket.socket() as prise:
        prise.bind(("127.0.0.1", 0))
        return int(prise.getsockname()[1])


def _attendre(condition: Callable[[], bool], secondes: float = 90) -> None:
    fin = time.monotonic() + secondes
    while not condition():
        assert time.monotonic() < fin, "waited in vain"
        time.sleep(0.2)


def _processus_de(etat: Path) -> list[int]:
    """Return the living processes whose environment or command names this state folder (Linux)."""
    trouves = []
    for dossier in Path("/proc").glob("[0-9]*"):
        try:
            morceaux = (dossier / "environ").read_bytes() + (dossier / "cmdline").read_bytes()
            vivant = (dossier / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
        except OSError:
            continue
        if str(etat).encode() in morceaux and vivant:
            trouves.append(int(dossier.name))
    return trouves


class Demonstration:
    """One `run.py demo`, its output in a file."""

    def __init__(self, etat: Path, port: int) -> None:
        self.etat, self.port = etat, port
        # Read through a handle of its own: what the demonstration writes must not land where a reader has gone back to.
        self.sortie: IO[str] = (etat.parent / "sortie").open("w")
        sans_serveurs = {"DATABASE_URL", "REDIS_URL", "CELERY_BROKER_URL", "EMAIL_URL", *CLES}
        environnement = {nom: valeur for nom, valeur in os.environ.items() if nom not in sans_serveurs}
        self.commande = [sys.executable, "-m", "espacepro.demonstration.superviseur", "--port", str(port)]
        self.environnement = environnement | {"ESPACEPRO_ETAT": str(etat)}
        self.processus = subprocess.Popen(
            self.commande, cwd=RACINE, env=self.environnement, stdout=self.sortie, stderr=subprocess.STDOUT
        )

    def attendre_pret(self) -> None:
        _attendre(lambda: "Ctrl-C stops" in self.lire() or self.processus.poll() is not None)
        assert self.processus.poll() is None, self.lire()

    def lire(self) -> str:
        return Path(self.sortie.name).read_text()

    def encore(self, *options: str, etat: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Start a second one and return how it refused."""
        environnement = self.environnement | {"ESPACEPRO_ETAT": str(etat or self.etat)}
        return subprocess.run(
            [*self.commande, *options], cwd=RACINE, env=environnement, capture_output=True, text=True, check=False
        )

    def arreter(self) -> int:
        if self.processus.poll() is None:
            self.processus.send_signal(signal.SIGINT)
        return self.processus.wait(timeout=60)


@pytest.fixture
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demonstration]:
    lancee = Demonstration(tmp_path_factory.mktemp("demonstration") / "etat", _port_libre())
    yield lancee
    lancee.arreter()
    lancee.sortie.close()


def _repond(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/sante/", timeout=5) as reponse:
            return bool(reponse.status == 200)
    except OSError:
        return False


def test_la_demonstration_demarre_se_releve_refuse_un_double_et_s_arrete_sans_reste(
    demonstration: Demonstration,
) -> None:
    demonstration.attendre_pret()
    assert _repond(demonstration.port)
    for compte in COMPTES:
        assert compte.email in demonstration.lire()

    double = demonstration.encore()
    assert double.returncode == 1
    assert f"already runs: http://localhost:{demonstration.port}/" in double.stderr
    occupe = demonstration.encore(etat=demonstration.etat.parent / "autre")
    assert occupe.returncode == 1
    assert "--port" in occupe.stderr

    # The mails of the new espaces have left through the worker and reached the catcher.
    boite = BoiteDemonstration(demonstration.etat / "courriels")
    _attendre(lambda: len(boite.cles()) >= 3)

    # The web server and PostgreSQL are killed: both come back.
    web = [p for p in _processus_de(demonstration.etat) if b"gunicorn" in Path(f"/proc/{p}/cmdline").read_bytes()]
    for numero in web:
        os.kill(numero, signal.SIGKILL)
    os.kill(int((demonstration.etat / "pg/donnees/postmaster.pid").read_text().split()[0]), signal.SIGKILL)
    _attendre(lambda: "web stopped" in demonstration.lire())
    _attendre(lambda: _repond(demonstration.port))

    assert demonstration.arreter() == 0
    assert _processus_de(demonstration.etat) == []
    assert not (demonstration.etat / "demo.env").exists()


def test_l_aide_se_lit_sans_rien_installer(tmp_path: Path) -> None:
    """`run.py demo --help`, of a copy that has no libraries (walked: it installed them all first)."""
    copie = tmp_path / "run.py"
    copie.write_text((RACINE / "run.py").read_text())
    dite = subprocess.run(
        [sys.executable, copie, "demo", "--help"], capture_output=True, text=True, cwd=tmp_path, check=True
    )
    assert "--port" in dite.stdout
    assert not (tmp_path / ".venv").exists()
    refus = subprocess.run(
        [sys.executable, copie, "demo", "--prot", "1"], capture_output=True, cwd=tmp_path, check=False
    )
    assert refus.returncode == 2
