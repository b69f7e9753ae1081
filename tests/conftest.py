"""Fixtures of every test. The servers are started by tests/serveurs.py."""

import math
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from django.conf import settings
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from django.test import Client, TransactionTestCase
from django.test.client import ClientHandler
from pytest_django import DjangoDbBlocker

from accounts.envois import un_a_un
from accounts.models import Espace, PolitiqueMotDePasse, VersionCGU, publication
from accounts.mots_de_passe import saturation
from accounts.portes.saisie import ETAPE
from accounts.traces.sceau import temoin
from services.models import Echange, PersonneSirenisee
from surveillance import memoire
from surveillance.automates import releve

from . import gabarits, hachage, honnete, pages, role_application
from .espacepro.scenes import client_verifie
from .factories import EspaceFactory, ServiceGestionnaireFactory
from .scenes import RACINE, ecrire_version_cgu
from .services.messagerie.scenes import Scene, ouvrir, scene

SIRENE = RACINE / "espacepro" / "demonstration" / "sirene"
TABLES_IMMUABLES = ("accounts_evenement", "accounts_blocscelle", "accounts_attestation", "accounts_moisabandonne")

_vider = TransactionTestCase._fixture_teardown


def _vider_malgre_le_journal(self: TransactionTestCase) -> None:
    """Empty the tables after a transactional test: the journal's triggers, which refuse it, are put aside meanwhile."""
    with connection.cursor() as curseur:
        curseur.execute("RESET ROLE")
        for table in TABLES_IMMUABLES:
            curseur.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    try:
        _vider(self)
    finally:
        with connection.cursor() as curseur:
            for table in TABLES_IMMUABLES:
                curseur.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


_monter = ClientHandler.load_middleware
_REGLAGES = settings._wrapped
_monte: dict[str, Any] = {}


def _monter_une_fois(self: ClientHandler, is_async: bool = False) -> None:
    """Have every browser of the tests go through the middleware that the first one made, as in a server; a test that changes a setting makes its own."""
    if settings._wrapped is not _REGLAGES:
        _monter(self, is_async)
        return
    if not _monte:
        _monter(self, is_async)
        _monte.update({nom: valeur for nom, valeur in vars(self).items() if nom.endswith(("_middleware", "_chain"))})
    vars(self).update(_monte)


honnete.installer()
ClientHandler.load_middleware = _monter_une_fois  # type: ignore[method-assign]
TransactionTestCase._fixture_teardown = _vider_malgre_le_journal  # type: ignore[method-assign]
gabarits.surveiller()
hachage.alleger()
ATTESTATIONS = Path(tempfile.mkdtemp(prefix="attestations-essais-"))
settings.DOSSIER_ATTESTATIONS = ATTESTATIONS
settings.MIDDLEWARE = [
    "tests.pages.PagesMiddleware",
    *settings.MIDDLEWARE,
    "tests.lecture_seule.BaseEnLectureMiddleware",
    "tests.role_application.RoleApplicationMiddleware",
]
# A property is about what is true, not about how fast a loaded machine finds it: no deadline per example.
hypothesis.settings.register_profile("maison", deadline=None)
hypothesis.settings.load_profile("maison")


def pytest_unconfigure() -> None:
    """Take away, at the end of a run, the folder of its statements."""
    shutil.rmtree(ATTESTATIONS, ignore_errors=True)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """As pytest-django's, with the role of web and workers; at its end no request that a browser gave up half-way keeps the
    database from being dropped.
    """
    with django_db_blocker.unblock():
        role_application.preparer()
    yield
    with django_db_blocker.unblock(), connection.cursor() as curseur:
        curseur.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@pytest.fixture(autouse=True)
def _pages_gardees_suivies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a test's browser open the page that a form of several pages answers with (accounts/portes/etapes.py), unless it says `follow`."""
    poster = Client.post

    def post(self: Client, *args: Any, **options: Any) -> Any:
        reponse = poster(self, *args, **options)
        if "follow" in options or reponse.status_code != 302 or f"{ETAPE}=" not in reponse["Location"]:
            return reponse
        lue = self.get(reponse["Location"])
        lue.context = reponse.context
        return lue

    monkeypatch.setattr(Client, "post", post)


@pytest.fixture(autouse=True)
def _noms_absents() -> Iterator[None]:
    """Fail the test in which a template wrote a name that it was not given."""
    gabarits.absents.clear()
    yield
    if gabarits.absents:
        pytest.fail("undefined in a template: " + ", ".join(sorted(set(gabarits.absents))))


@pytest.fixture(autouse=True)
def _pages_lues() -> Iterator[None]:
    """Fail the test that was served a page whose ids, labels or headings are wrong (tests/pages.py)."""
    pages.fautes.clear()
    yield
    if pages.fautes:
        pytest.fail("in a page: " + "; ".join(sorted(set(pages.fautes))[:20]))


@pytest.fixture(autouse=True)
def _hachage_patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sixteen hashes at once on a loaded machine wait their turn; tests/accounts/compteurs/test_debit.py shows the 503."""
    monkeypatch.setattr(saturation, "ATTENTE", 120)


@pytest.fixture
def durees_vraies() -> Iterator[None]:
    """Hashes that cost what they cost in production, refusals that leave on their step: for a test of either."""
    with hachage.durees():
        yield


@pytest.fixture(autouse=True)
def _processus_neuf() -> None:
    """Each test is a process of its own to the journal: what an earlier one committed was emptied with its tables."""
    temoin.recommencer()


@pytest.fixture(autouse=True)
def _attestations_du_test() -> Iterator[None]:
    """Empty the folder of the statements that the test wrote: another one's journal would be accused of having lost its blocks."""
    yield
    for fichier in ATTESTATIONS.iterdir():
        fichier.unlink()


@pytest.fixture(autouse=True)
def _echecs_d_un_seul(request: pytest.FixtureRequest) -> Iterator[list[str]]:
    """Fail the test in which a job failed for one of many, which is only logged: unless the test asks for `echecs`, and tells them."""
    dits: list[str] = []
    vrai = un_a_un.log

    class Registre:
        def exception(self, evenement: str, **champs: Any) -> None:
            dits.append(champs["quoi"])
            vrai.exception(evenement, **champs)

    with pytest.MonkeyPatch.context() as seul:  # of its own: a test may undo what it changed
        seul.setattr(un_a_un, "log", Registre())
        yield dits
    if dits and "echecs" not in request.fixturenames:
        pytest.fail("a job failed for one of many: " + ", ".join(sorted(set(dits))))


@pytest.fixture
def echecs(_echecs_d_un_seul: list[str]) -> list[str]:
    """Which jobs failed for one of many, in order: the test that asks for it says which it expects."""
    return _echecs_d_un_seul


@pytest.fixture(autouse=True)
def _pages_lues_une_a_une(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is asked comes at the pace of somebody who reads each page, whatever the machine's: a test of the pace has its own clock."""
    monkeypatch.setattr(releve, "horloge", honnete.horloge())
    # A loaded machine answers late; the tests of a dead Redis have their own.
    monkeypatch.setattr(memoire, "DELAI_DE_REDIS", 5.0)
    monkeypatch.setattr(memoire.etat, "muet_jusqu_a", 0.0)


@pytest.fixture(autouse=True)
def _cache_vide() -> Iterator[None]:
    # As a process that has read that nothing was published: tests count the queries of a page that is not its first.
    publication._lues.update(dict.fromkeys((VersionCGU, PolitiqueMotDePasse), (math.inf, [])))
    yield
    cache.clear()


@pytest.fixture(autouse=True)
def _reveils(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, list[str]]]:
    """Record the wake-ups instead of filling a broker that no worker reads; the tests of faults use the real one."""
    reveils: list[tuple[str, list[str]]] = []
    monkeypatch.setattr("accounts.envois.reveil._muet_jusqu_a", 0.0)

    def send_task(nom: str, args: list[str], **_: Any) -> None:
        reveils.append((nom, args))

    monkeypatch.setattr("accounts.envois.reveil.current_app.send_task", send_task)
    return reveils


@pytest.fixture
def espace(db: None) -> Espace:
    """An active espace expert."""
    return EspaceFactory()


@pytest.fixture
def client_de() -> Callable[[Espace], Client]:
    """Return a function that gives the browser of whoever holds this espace, signed in."""

    def ouvrir(espace: Espace) -> Client:
        client = Client(raise_request_exception=True)
        client.force_login(espace.compte, backend="accounts.portes.connexion.CompteBackend")
        return client

    return ouvrir


@pytest.fixture
def textes_cgu(tmp_path: Path, settings: Any) -> Path:
    """A folder of templates with the texts of two versions of the CGU to publish, 2027-01 and 2027-02."""
    for numero in ("2027-01", "2027-02"):
        ecrire_version_cgu(tmp_path, numero)
    (moteur,) = settings.TEMPLATES
    settings.TEMPLATES = [{**moteur, "DIRS": [*moteur["DIRS"], tmp_path]}]
    return tmp_path


@pytest.fixture
def catalogue(db: None) -> None:
    """The 30 services and the services gestionnaires, from their data files."""
    call_command("charger_catalogue", verbosity=0)


@pytest.fixture
def danone(db: None) -> PersonneSirenisee:
    """A real company of the INSEE extract."""
    gestionnaire = ServiceGestionnaireFactory(code="SIE75009", nom="SIE de Paris 9e")
    return PersonneSirenisee.objects.create(
        siren="552032534",
        denomination="DANONE",
        categorie="ENTREPRISE",
        voie="17 BOULEVARD HAUSSMANN",
        code_postal="75009",
        commune="PARIS",
        service_gestionnaire=gestionnaire,
    )


@pytest.fixture
def lieu(db: None) -> Scene:
    """A company with its Messagerie, who holds it, an agent of its office."""
    return scene()


@pytest.fixture
def echange(lieu: Scene) -> Echange:
    """What this company has written, which waits for its office."""
    return ouvrir(lieu)


@pytest.fixture
def du_bureau(lieu: Scene) -> Client:
    """The browser of the agent of its office, past the door."""
    return client_verifie(lieu.agent)


@pytest.fixture(scope="session")
def tours() -> Callable[[int], int]:
    """Return how many rounds a race or a property runs: few here, the issue's figure with `run.py test --long`."""
    long = os.environ.get("ESSAIS_LONGS") == "1"
    return lambda complet: complet if long else max(3, complet // 40)
