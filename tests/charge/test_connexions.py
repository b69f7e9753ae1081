"""How many sign-ins a second, beside a bare Django site with the same hash, in one run (issue 12.6).

    ESSAIS_LONGS=1 .venv/bin/python -m pytest tests/charge/test_connexions.py -s

Both sites are the shipped server with two processes, on the tests' PostgreSQL. They are asked by turns, a few seconds each, so that
what else the machine does weighs on both alike; the processor time of their processes is measured too.
"""

import http.client
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import cycle
from urllib.parse import urlencode

import psycopg
import pytest
from django.db import connection

from accounts.models import EssaiConnexion, Session
from accounts.portes.marques import SERVI, sceller
from tests.factories import MOT_DE_PASSE, EspaceFactory
from tests.fautes.scenes import servir
from tests.scenes import NAVIGATEUR, RACINE, port_libre

from .serveur import calcul_de, pid_du

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(os.environ.get("ESSAIS_LONGS") != "1", reason="minutes of sign-ins: ESSAIS_LONGS=1"),
    pytest.mark.django_db(transaction=True),
]
COMPTES, CLIENTS = 100, 4
TOURS = int(os.environ.get("ESSAIS_TOURS", "12"))
SECONDES = 3.0  # of each turn
RAPPORT = 0.85
NU = "site_nu"


@dataclass
class Site:
    """One of the two: where it answers, and what it has done so far."""

    nom: str
    port: int
    pid: int
    noms: list[str]
    faites: int = 0
    murs: float = 0
    calcul: float = 0
    navigateurs: dict[str, str] = field(default_factory=dict)
    """What each person's browser keeps from one sign-in to the next, the session excepted."""

    def entrer(self, connexion: http.client.HTTPConnection, nom: str) -> None:
        """Sign in from home, by one's own browser: its token, then the address and the password."""
        rang = self.noms.index(nom)
        connexion.request(
            "POST",
            "/connexion/",
            urlencode(
                {"username": nom, "password": MOT_DE_PASSE, "csrfmiddlewaretoken": JETON, SERVI: sceller(time.time())}
            ),
            NAVIGATEUR
            | {
                "Host": "localhost",
                "X-Forwarded-For": f"198.18.{rang // 200}.{1 + rang % 200}",
                "Content-Type": "application/x-www-form-urlencoded",
                "Cookie": f"csrftoken={JETON}; csrf={JETON}; {self.navigateurs.get(nom, '')}",
            },
        )
        reponse = connexion.getresponse()
        reponse.read()
        assert reponse.status == 302, (self.nom, reponse.status)
        temoins = [temoin.partition(";")[0] for temoin in reponse.headers.get_all("Set-Cookie", [])]
        assert any(temoin.startswith(("session=", "sessionid=")) for temoin in temoins)
        self.navigateurs[nom] = "; ".join(
            t for t in temoins if not t.startswith(("session", "csrf"))
        ) or self.navigateurs.get(nom, "")

    def courir(self, secondes: float) -> None:
        """Sign in from CLIENTS browsers at once for so long."""
        debut, avant, faites = time.monotonic(), calcul_de(self.pid), [0] * CLIENTS

        def client(rang: int) -> None:
            connexion = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
            noms = cycle(self.noms[rang::CLIENTS])
            with closing(connexion):
                while time.monotonic() < debut + secondes:
                    self.entrer(connexion, next(noms))
                    faites[rang] += 1

        fils = [threading.Thread(target=client, args=(rang,)) for rang in range(CLIENTS)]
        for fil in fils:
            fil.start()
        for fil in fils:
            fil.join()
        assert all(faites), f"{self.nom} answers otherwise: {faites}"
        self.faites += sum(faites)
        self.murs += time.monotonic() - debut
        self.calcul += calcul_de(self.pid) - avant

    def __str__(self) -> str:
        return (
            f"{self.nom:<12} {self.faites / self.murs:6.1f} sign-ins a second, {1000 * self.calcul / self.faites:5.1f} ms"
            f" of processor each ({self.faites} in {self.murs:.0f} s)"
        )


JETON = "a" * 32


def adresse_de(base: str) -> str:
    reglages = connection.settings_dict
    hote = reglages["OPTIONS"].get("host") or reglages["HOST"]
    return f"postgres://{reglages['USER']}:{reglages['PASSWORD']}@/{base}?host={hote}&port={reglages['PORT'] or 5432}"


@contextmanager
def site_nu(noms: list[str]) -> Iterator[Site]:
    """The bare site on a database of its own, in the server that ships."""
    commun = adresse_de("postgres")
    environnement = {**os.environ, "DATABASE_URL": adresse_de(NU), "WEB_CONCURRENCY": "2"}
    environnement.pop("DJANGO_SETTINGS_MODULE", None)
    with psycopg.connect(commun, autocommit=True) as base:
        base.execute(f"DROP DATABASE IF EXISTS {NU} WITH (FORCE)")
        base.execute(f"CREATE DATABASE {NU}")
    subprocess.run(
        [sys.executable, "-m", "tests.charge.site_nu", MOT_DE_PASSE, *noms], cwd=RACINE, env=environnement, check=True
    )
    port = port_libre()
    mots = [
        "gunicorn",
        "-c",
        "python:espacepro.serveur",
        "--bind",
        f"127.0.0.1:{port}",
        "tests.charge.site_nu:application",
    ]
    processus = subprocess.Popen(
        [sys.executable, "-m", *mots],
        cwd=RACINE,
        env=environnement,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        attendre(port)
        yield Site("Django nu", port, processus.pid, noms)
    finally:
        processus.terminate()
        processus.wait(30)
        with psycopg.connect(commun, autocommit=True) as base:
            base.execute(f"DROP DATABASE {NU} WITH (FORCE)")


def attendre(port: int) -> None:
    fin = time.monotonic() + 60
    while time.monotonic() < fin:
        connexion = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            connexion.request("GET", "/robots.txt", headers={"Host": "localhost"})
            if connexion.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.3)
        finally:
            connexion.close()
    raise AssertionError("the bare site does not start")


def oublier() -> None:
    """Forget what the sign-ins of a turn left: nobody signs in thirty times in a minute."""
    Session.objects.all().delete()
    assert not EssaiConnexion.objects.exists(), "a right password takes its guess back"
    with psycopg.connect(adresse_de(NU), autocommit=True) as base:
        base.execute("DELETE FROM django_session")


def test_autant_de_connexions_qu_un_django_nu_de_meme_hachage() -> None:
    noms = [espace.compte.email for espace in (EspaceFactory() for _ in range(COMPTES)) if espace.compte is not None]
    variables = {"DATABASE_URL": adresse_de(connection.settings_dict["NAME"]), "WEB_CONCURRENCY": "2", "PROXYS": "1"}
    with site_nu(noms) as nu, servir(variables) as port:
        portail = Site("le portail", port, pid_du(port), noms)
        for site in (nu, portail):
            site.courir(SECONDES)  # imports, connections, templates
            site.faites, site.murs, site.calcul = 0, 0, 0
        for tour in range(TOURS):
            for site in (nu, portail) if tour % 2 else (portail, nu):
                site.courir(SECONDES)
            oublier()
        rapport = (portail.faites / portail.murs) / (nu.faites / nu.murs)
        sys.stdout.write(f"\n{nu}\n{portail}\nratio {rapport:.2f}; load {os.getloadavg()[0]:.1f}\n")
        assert rapport >= RAPPORT
