"""Bursts, counted in Redis: what an accountant does at a deadline raises nothing, and Redis away neither sees nor fails."""

import time
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.conf import settings
from django.db import connection
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Espace, NavigateurConnu, Session
from surveillance import memoire
from surveillance.models import Alerte, SignalVu
from surveillance.signaux import rafales
from surveillance.signaux.rafales import compter
from tests.accounts.scenes import CHROME, connecter


@pytest.fixture(autouse=True)
def _minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """One minute for the whole test."""
    monkeypatch.setattr(rafales, "time", SimpleNamespace(time=lambda: 1_764_500_000.0))


class Suite:
    """The pages of one signed-in browser."""

    def __init__(self, espace: Espace) -> None:
        self.client: Client = connecter(espace, "193.51.224.1", CHROME)
        self.request = RequestFactory().get("/")
        self.request.session = self.client.session
        self.request.user = espace.compte

    def ouvrir(self, siren: str = "", *, fichier: bool = False) -> None:
        self.request.resolver_match = SimpleNamespace(kwargs={"siren": siren} if siren else {})
        entetes = {"Content-Disposition": 'attachment; filename="x.pdf"'} if fichier else {}
        compter(self.request, HttpResponse(headers=entetes))


# Recorded minutes: pages without a company, companies opened, files; and what each raises.
MINUTES = [
    ("un comptable le jour de l'échéance", 20, 39, 6, set()),
    ("deux pages de la liste, ouvertes en autant d'onglets", 2, 50, 0, set()),
    ("cent entreprises, chacune deux fois la minute", 0, 100, 0, {"rafale_siren"}),
    ("un aspirateur de pages", 150, 0, 0, {"rafale_pages"}),
    ("tout télécharger", 0, 0, 15, {"rafale_exports"}),
]


@pytest.mark.parametrize(("nom", "pages", "entreprises", "fichiers", "genres"), MINUTES, ids=[m[0] for m in MINUTES])
def test_ce_qu_une_minute_leve(
    espace: Espace, nom: str, pages: int, entreprises: int, fichiers: int, genres: set[str]
) -> None:
    suite = Suite(espace)
    for _ in range(pages):
        suite.ouvrir()
    for rang in range(entreprises):
        suite.ouvrir(f"{rang:09d}")
    for _ in range(fichiers):
        suite.ouvrir(fichier=True)
    assert set(SignalVu.objects.values_list("genre", flat=True)) == genres
    assert set(Alerte.objects.values_list("motif", flat=True)) == genres


def test_le_lecteur_methodique_est_un_nouvel_appareil_qui_ne_fait_rien(espace: Espace) -> None:
    suite = Suite(espace)
    for rang in range(40):
        suite.ouvrir(f"{rang:09d}")
    assert not SignalVu.objects.filter(genre="lecteur_methodique").exists(), "its only browser is no new one"
    memoire.client(settings.CACHES["default"]["LOCATION"]).flushdb()
    session = Session.objects.get(compte=espace.compte)
    NavigateurConnu.objects.create(
        compte=espace.compte, empreinte="x", connu_depuis=timezone.now() - timedelta(days=60), navigateur="Firefox 145"
    )
    for rang in range(40):
        suite.ouvrir(f"{rang:09d}")
    vu = SignalVu.objects.get(genre="lecteur_methodique")
    assert (vu.session, vu.details) == (session.numero, {"entreprises": 40})


def test_une_page_ordinaire_ne_demande_rien_a_la_base(espace: Espace) -> None:
    suite = Suite(espace)
    suite.ouvrir("552032534")
    with CaptureQueriesContext(connection) as requetes:
        suite.ouvrir("552032534")
    assert requetes.captured_queries == []


def test_redis_mort_rien_n_est_vu_et_rien_n_echoue(espace: Espace, monkeypatch: pytest.MonkeyPatch) -> None:
    suite = Suite(espace)
    monkeypatch.setitem(settings.CACHES["default"], "LOCATION", "redis://127.0.0.1:1/0")
    avant = time.monotonic()
    for _ in range(160):
        suite.ouvrir()
    assert memoire.etat.muet_jusqu_a >= avant + memoire.PAUSE, "asked once, then not for a while"
    assert memoire.demander(lambda tuyau: tuyau.ping()) is None
    assert not SignalVu.objects.exists()
