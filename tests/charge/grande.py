"""A big portal, kept between runs: the one question, pages, requests a second, the journal, bytes, each beside its measure.

    python -m tests.charge.grande                 # 92 groups: 1,001,880 habilitations
    python -m tests.charge.grande --groupes 9     # 98,010
    python -m tests.charge.grande --groupes 460   # 5,009,400

The first run loads a database in a server of its own (`.etat/charge`, or ESPACEPRO_ETAT), named after the hash of the migrations
and of what loads it; the next ones measure it again, and databases of other hashes are dropped. django-guardian, which is no
dependency of the portal, goes into a virtual environment of its own beside. What is compared is asked by turns, so that
what else the machine does weighs on both alike. Exits with 1 where a target is missed.
"""

import argparse
import base64
import hashlib
import http.client
import os
import random
import statistics
import subprocess
import sys
import threading
import time
import venv
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import cycle
from pathlib import Path
from typing import Any

import psycopg

from espacepro.demonstration.embarque import preparer_dossier
from espacepro.demonstration.environnement import CLES, RACINE, arreter_serveurs, demarrer_serveurs, dossier_etat

GUARDIAN = "django-guardian>=3,<4"
QUESTIONS, LECTURES, EVENEMENTS, TRACES = 3_000, 40, 1_000_000, 100_000
PAGES = ("espace", "gerer_services", "demandes", "journal", "adherer", "activer")
CLIENTS, SECONDES = 4, 20.0
QUESTION_PLUS_VITE, QUESTION_P95 = 10, 2  # × django-guardian's p50; × the p95 of SELECT 1

manques: list[str] = []


def exiger(vrai: bool, quoi: str) -> None:
    if not vrai:
        manques.append(quoi)


def dire(texte: str) -> None:
    sys.stdout.write(texte + "\n")
    sys.stdout.flush()


# --- Before Django ---------------------------------------------------------------------------------------------------


def preparer(groupes: int) -> tuple[Path, str, bool]:
    """Start the servers, put guardian beside, set the environment; return the folder, the database and whether it is loaded."""
    etat = preparer_dossier(preparer_dossier(dossier_etat(os.environ)) / "charge")
    environnement = {nom: valeur for nom, valeur in os.environ.items() if nom not in {"DATABASE_URL", "REDIS_URL"}}
    os.environ.update(demarrer_serveurs(etat, environnement, durable=False))
    os.environ["ESPACEPRO_MODE"] = "test"
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.charge.reglages"
    os.environ.setdefault("EMAIL_URL", "smtp://localhost:25")
    for nom in CLES:
        os.environ[nom] = base64.urlsafe_b64encode(hashlib.sha256(nom.encode()).digest()).decode()
    os.environ["GUARDIAN"] = str(installer_guardian(etat / "guardian"))
    nom = f"charge_{groupes}_{empreinte()}"
    commune = os.environ["DATABASE_URL"]
    with psycopg.connect(commune, autocommit=True) as base:
        bases = [
            b for (b,) in base.execute("SELECT datname FROM pg_database WHERE datname LIKE 'charge!_%' ESCAPE '!'")
        ]
        for ancienne in bases:
            if not ancienne.endswith(empreinte()):
                base.execute(f'DROP DATABASE "{ancienne}" WITH (FORCE)')
        if nom not in bases:
            base.execute(f'DROP DATABASE IF EXISTS "{nom}_partiel" WITH (FORCE)')
            base.execute(f'CREATE DATABASE "{nom}_partiel"')
    chargee = nom in bases
    os.environ["DATABASE_URL"] = adresse_de(commune, nom if chargee else f"{nom}_partiel")
    return etat, nom, chargee


def empreinte() -> str:
    """Return the hash of what a loaded database rests on: the migrations, the catalogue, and the modules that load it."""
    fichiers = [
        *RACINE.glob("*/migrations/*.py"),
        *RACINE.glob("services/donnees/*.toml"),
        *(RACINE / "tests/charge" / module for module in ("jeu.py", "grande_chargement.py")),
    ]
    return hashlib.sha256(b"".join(fichier.read_bytes() for fichier in sorted(fichiers))).hexdigest()[:12]


def installer_guardian(dossier: Path) -> Path:
    """Return the packages' folder of a virtual environment that holds django-guardian alone, made by the first run."""
    (paquets,) = [dossier / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"]
    if not (paquets / "guardian").exists():
        venv.create(dossier, with_pip=True, clear=True)
        pip = [str(dossier / "bin" / "python"), "-m", "pip", "install", "--quiet", "--no-deps", GUARDIAN]
        subprocess.run(pip, check=True)
    return paquets


def adresse_de(commune: str, base: str) -> str:
    """Return the URL of another database of the same server."""
    debut, _, options = commune.partition("?")
    return f"{debut.rpartition('/')[0]}/{base}" + (f"?{options}" if options else "")


# --- The question ----------------------------------------------------------------------------------------------------


def centiles(durees: Sequence[float]) -> tuple[float, float]:
    """Return the median and the 95th centile of seconds, in milliseconds."""
    return 1000 * statistics.median(durees), 1000 * statistics.quantiles(durees, n=20)[-1]


def chronometrer(*actions: Callable[[], Any], horloge: Callable[[], float] = time.perf_counter) -> list[float]:
    """Run each action once; return how long each took."""
    durees = []
    for action in actions:
        debut = horloge()
        action()
        durees.append(horloge() - debut)
    return durees


def mesurer_la_question() -> None:
    """Ask the same thousands of questions of the portal, of django-guardian and of the empty SELECT, by turns."""
    from django.db import connection
    from guardian.backends import ObjectPermissionBackend

    from habilitations.droits.backends import HabilitationBackend

    from .mesures import melange

    def vide() -> None:
        with connection.cursor() as curseur:
            curseur.execute("SELECT 1")
            curseur.fetchone()

    portail, autre = HabilitationBackend(), ObjectPermissionBackend()
    questions = melange(QUESTIONS)
    durees: list[list[float]] = [[], [], []]
    egales = 0
    for rang, (compte, dossier, adhesion) in enumerate(questions):
        reponses: list[bool] = []
        mesures = chronometrer(
            vide,
            lambda c=compte, d=dossier: reponses.append(portail.has_perm(c, "services.utiliser", d)),  # type: ignore[misc]
            lambda c=compte, a=adhesion: reponses.append(autre.has_perm(c, "habilitations.utiliser", a)),  # type: ignore[misc]
        )
        egales += reponses[0] == reponses[1]
        if rang >= QUESTIONS // 10:  # the first ones fill the caches
            for liste, duree in zip(durees, mesures, strict=True):
                liste.append(duree)
    rien, notre, leur = map(centiles, durees)
    dire(f"SELECT 1          p50 {rien[0]:7.3f} ms   p95 {rien[1]:7.3f} ms")
    dire(
        f"has_perm          p50 {notre[0]:7.3f} ms   p95 {notre[1]:7.3f} ms   p95 × {notre[1] / rien[1]:.2f} of SELECT 1"
    )
    dire(
        f"django-guardian   p50 {leur[0]:7.3f} ms   p95 {leur[1]:7.3f} ms   p50 × {leur[0] / notre[0]:.1f} of has_perm"
    )
    exiger(egales == QUESTIONS, "the answers differ")
    exiger(
        leur[0] >= QUESTION_PLUS_VITE * notre[0], f"has_perm is not {QUESTION_PLUS_VITE} × faster than django-guardian"
    )
    exiger(notre[1] <= QUESTION_P95 * rien[1], f"the p95 of has_perm is more than {QUESTION_P95} × that of SELECT 1")


# --- Pages -----------------------------------------------------------------------------------------------------------


def mesurer_les_pages(espaces: dict[int, Any]) -> None:
    """Show each page at 1, 20 and 100 SIREN; the home page beside a bare one that shows the same rows."""
    from django.test import Client, override_settings
    from django.urls import reverse

    from .pages_nues import MIDDLEWARE

    for taille, espace in espaces.items():
        portail, nu = Client(SERVER_NAME="localhost"), Client(SERVER_NAME="localhost")
        for navigateur in (portail, nu):
            navigateur.force_login(espace.compte, backend="accounts.portes.connexion.CompteBackend")
        with override_settings(MIDDLEWARE=MIDDLEWARE):
            nu.handler.load_middleware()  # and keeps it
        durees: list[list[float]] = [[], []]
        accueil = reverse("espace")
        for rang in range(LECTURES):
            mesures = chronometrer(
                lambda p=portail, a=accueil: p.get(a),  # type: ignore[misc]
                lambda p=nu: exiger(p.get("/accueil-nu/").status_code == 200, "the bare page"),  # type: ignore[misc]
            )
            if rang:
                for liste, duree in zip(durees, mesures, strict=True):
                    liste.append(duree)
        (p50, p95), (leur, _) = map(centiles, durees)
        dire(
            f"page espace, {taille:3d} SIREN   p50 {p50:6.1f} ms  p95 {p95:6.1f} ms   × {p50 / leur:.1f} a bare page of the same rows"
        )
        for page in PAGES[1:]:
            adresse = reverse(page)
            portail.get(adresse)
            p50, p95 = centiles(chronometrer(*[lambda a=adresse, p=portail: p.get(a)] * LECTURES))  # type: ignore[misc]
            dire(f"page {page}, {taille:3d} SIREN   p50 {p50:6.1f} ms  p95 {p95:6.1f} ms")


# --- Requests a second -----------------------------------------------------------------------------------------------


@contextmanager
def serveur() -> Iterator[int]:
    """The shipped command on this database, with two processes."""
    from tests.fautes.scenes import servir

    with servir({"WEB_CONCURRENCY": "2", "DJANGO_SETTINGS_MODULE": "espacepro.settings"}) as port:
        yield port


def mesurer_le_melange(espaces: Sequence[Any], base: str) -> None:
    """Ask the shipped server for a mix of pages, from as many sessions as there are espaces here."""
    from django.conf import settings
    from django.core.cache import cache
    from django.test import Client
    from django.urls import reverse

    from tests.scenes import NAVIGATEUR

    from .serveur import calcul_de, calcul_des_postgres, pid_du

    temoins = []
    for espace in espaces:
        client = Client()
        client.force_login(espace.compte, backend="accounts.portes.connexion.CompteBackend")
        temoins.append(f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}")
    demandes = [(reverse(page), temoin) for temoin in temoins for page in PAGES]
    random.Random(4).shuffle(demandes)
    faites, autres = [0] * CLIENTS, [0] * CLIENTS
    with serveur() as port:
        pid = pid_du(port)

        def client(rang: int, fin: float) -> None:
            with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connexion:
                for adresse, temoin in cycle(demandes[rang::CLIENTS]):
                    if time.monotonic() > fin:
                        return
                    connexion.request("GET", adresse, headers=NAVIGATEUR | {"Host": "localhost", "Cookie": temoin})
                    reponse = connexion.getresponse()
                    reponse.read()
                    faites[rang] += 1
                    if not faites[rang] % 20:
                        cache.clear()  # a few accounts at this pace are automata, and would be answered as such
                    autres[rang] += reponse.status != 200

        for secondes in (5.0, SECONDES):  # the first seconds warm it
            faites[:] = autres[:] = [0] * CLIENTS
            avant, avant_base, debut = calcul_de(pid), calcul_des_postgres(base), time.monotonic()
            fils = [threading.Thread(target=client, args=(rang, debut + secondes)) for rang in range(CLIENTS)]
            for fil in fils:
                fil.start()
            for fil in fils:
                fil.join()
            duree, nombre = time.monotonic() - debut, sum(faites)
            web, postgres = calcul_de(pid) - avant, calcul_des_postgres(base) - avant_base
    cout = 1000 * (web + postgres) / nombre
    dire(
        f"a mix of {len(PAGES)} pages: {nombre / duree:.0f} requests a second from {CLIENTS} clients; {1000 * web / nombre:.1f} ms of"
        f" the web processes and {1000 * postgres / nombre:.1f} ms of PostgreSQL each: {2000 / cout:.0f} a second on two cores of their own"
    )
    exiger(not sum(autres), f"{sum(autres)} answers of the mix are not 200")


# --- The journal and the bytes ---------------------------------------------------------------------------------------


def verifier_le_journal() -> None:
    """Verify the chain of a million lines, as `manage.py verifier_journal` does."""
    from accounts.traces.verification import verifier

    calcul, debut = time.process_time(), time.monotonic()
    trouve = verifier()
    duree, calcul = time.monotonic() - debut, time.process_time() - calcul
    dire(
        f"verifier: {trouve.evenements} lines in {duree:.0f} s, {trouve.evenements / calcul:.0f} lines a processor second of its own"
    )
    exiger(not trouve.anomalies, f"the journal: {trouve.anomalies[:3]}")


OCTETS = """
SELECT CASE WHEN relname LIKE 'surveillance\\_connexion%%' THEN 'surveillance_connexion' ELSE relname END,
       sum(pg_total_relation_size(oid))::bigint, sum(greatest(reltuples, 0))::bigint
  FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND (relname = ANY(%s) OR relname LIKE %s)
 GROUP BY 1 ORDER BY 2 DESC
"""
TABLES = [
    "habilitations_habilitation",
    "habilitations_adhesion",
    "services_personnesirenisee",
    "accounts_espace",
    "accounts_compte",
    "accounts_evenement",
    "accounts_blocscelle",
    "accounts_courriel",
    "accounts_session",
    "accounts_navigateurconnu",
]


def peser() -> None:
    """Print what a row of each table that grows takes, indexes included."""
    from django.db import connection

    with connection.cursor() as curseur:
        curseur.execute(OCTETS, [TABLES, "surveillance\\_connexion\\_%"])
        lignes = [ligne for ligne in curseur.fetchall() if ligne[2] > 500 or ligne[0] == "accounts_blocscelle"]
        curseur.execute("SELECT pg_database_size(current_database())")
        ((total,),) = curseur.fetchall()
    for table, octets, nombre in lignes:
        dire(
            f"{table:<30} {nombre:>10} rows {octets / 1e6:>8.0f} MB {octets / max(nombre, 1):>7.0f} bytes a row, indexes included"
        )
    dire(f"the whole database, django-guardian's table included: {total / 1e9:.2f} GB")


def main() -> int:
    demande = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    demande.add_argument("--groupes", type=int, default=92, choices=range(1, 1001), metavar="1…1000")
    demande.add_argument("--garder-les-serveurs", action="store_true", help="leave PostgreSQL and Valkey running")
    choix = demande.parse_args()
    etat, nom, chargee = preparer(choix.groupes)
    try:
        import django

        django.setup()
        from tests import honnete

        honnete.installer_tout()
        from . import grande_chargement as chargement

        if not chargee:
            debut = time.monotonic()
            chargement.charger_tout(choix.groupes, EVENEMENTS if choix.groupes >= 92 else 20_000, TRACES)
            dire(f"loaded in {time.monotonic() - debut:.0f} s")
            chargement.changer_de_base(nom)
            commune = adresse_de(os.environ["DATABASE_URL"], "postgres")
            with psycopg.connect(commune, autocommit=True) as base:
                base.execute(f'ALTER DATABASE "{nom}_partiel" RENAME TO "{nom}"')
            os.environ["DATABASE_URL"] = adresse_de(commune, nom)
        nombre, espaces = chargement.espaces_mesures()
        dire(f"{nombre} habilitations; load {os.getloadavg()[0]:.1f}")
        mesurer_la_question()
        mesurer_les_pages(espaces)
        mesurer_le_melange(chargement.quelques_espaces(60), nom)
        verifier_le_journal()
        peser()
        dire(f"load {os.getloadavg()[0]:.1f}")
    finally:
        if not choix.garder_les_serveurs:
            arreter_serveurs(etat)
    for manque in manques:
        dire(f"MISSED: {manque}")
    return bool(manques)


if __name__ == "__main__":
    sys.exit(main())
