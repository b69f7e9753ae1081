"""Every page, at 1, 20 and 100 SIREN × 30 services: as many queries at each, and its server time (issue 2).

    .venv/bin/python -m pytest tests/charge/test_pages.py -s

prints two tables: queries and time, then the CPU of the web process alone (issue 12.7). The first (three readings of each page; more with ESSAIS_LONGS=1). The times are of the program's own work, on a machine that does other things: compare within one run.
"""

import statistics
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Espace
from espacepro.acces import TABLE, Acces
from tests.charge.mesures import question
from tests.espacepro.scenes import TOUS

from .jeu import TAILLES, charger

# The web process may spend 12 ms of a quiet core on a page: 4 × what this one costs, which reads nothing but its session.
ETALON, CALCUL_AU_PLUS = "plan", 4.0
# Pages still above it, and by how much; none joins, one that needs a third of it leaves. « Récapitulatif » is a PDF of 3,000 lines, most
# of it Typst's own work, whose share is not the same on each machine: 27.9 was measured since each is composed afresh, as one's own is.
CALCUL_ADMIS = {"espace": 5.6, "mes_donnees": 5.4, "recapitulatif": 45.0, "supprimer_espace": 4.4}

pytestmark = pytest.mark.django_db(transaction=True)
PAGES = sorted(
    nom
    for espace, nom, chemin in TOUS
    if not espace and "<" not in chemin and TABLE[nom].qui in {Acces.PUBLIC, Acces.CONNECTE, Acces.ESPACE}
)


def mesurer(navigateur: Client, adresse: str, lectures: int) -> tuple[int, float] | None:
    """Return the queries and the median time in ms of a page, or None where a GET shows none (redirect, POST alone)."""
    if navigateur.get(adresse).status_code != 200:  # also what a first visit alone does
        return None
    durees = []
    for _ in range(lectures):
        debut = time.perf_counter()
        navigateur.get(adresse)
        durees.append((time.perf_counter() - debut) * 1000)
    with CaptureQueriesContext(connection) as requetes:
        navigateur.get(adresse)
    return len(requetes), statistics.median(durees)


def test_chaque_page_a_1_20_et_100_siren(client_de: Callable[[Espace], Client], tours: Callable[[int], int]) -> None:
    jeu = charger(1)
    mesures: dict[str, dict[int, tuple[int, float]]] = {}
    for taille in TAILLES:
        navigateur, (_, dossier) = client_de(jeu.espaces[taille]), question(jeu.espaces[taille])
        adresses = {nom: reverse(nom) for nom in PAGES}
        adresses["ouvrir_service"] = reverse("ouvrir_service", args=[dossier.personne.siren, dossier.service.code])
        adresses["journal_personne (une personne)"] = f"{reverse('journal_personne')}?siren={dossier.personne.siren}"
        for nom, adresse in adresses.items():
            if mesure := mesurer(navigateur, adresse, tours(20)):
                mesures.setdefault(nom, {})[taille] = mesure
    for nom in PAGES:  # what only a visitor is shown
        if nom not in mesures and (mesure := mesurer(Client(), reverse(nom), tours(20))):
            mesures[nom] = {0: mesure}
    for nom, par_taille in mesures.items():
        requetes = "/".join(str(compte) for compte, _ in par_taille.values())
        durees = " / ".join(f"{duree:.0f}" for _, duree in par_taille.values())
        print(f"{nom:<36} {requetes:>10} requêtes   {durees:>16} ms")
    assert set(mesures) >= {"espace", "delegations", "suppleants", "perimetre", "mes_donnees", "connexion"}
    inegales = {
        nom: par_taille for nom, par_taille in mesures.items() if len({compte for compte, _ in par_taille.values()}) > 1
    }
    assert not inegales


def calcul(navigateur: Client, adresse: str, lectures: int) -> float:
    """Return the least that this thread worked for a page, in ms: what waits for PostgreSQL or for its turn is not counted."""
    durees = []
    for _ in range(lectures):
        debut = time.thread_time()
        navigateur.get(adresse)
        durees.append((time.thread_time() - debut) * 1000)
    return min(durees)


def test_le_calcul_de_chaque_page_a_100_siren(
    client_de: Callable[[Espace], Client], tours: Callable[[int], int], settings: Any
) -> None:
    """What each page costs the web process at 100 SIREN × 30 services, beside a page that holds nothing."""
    settings.MIDDLEWARE = [m for m in settings.MIDDLEWARE if not m.startswith("tests.")]  # they read each page again
    jeu = charger(1)
    navigateur, lectures = client_de(jeu.espaces[100]), tours(120)
    adresses = {nom: reverse(nom) for nom in PAGES if navigateur.get(reverse(nom)).status_code == 200}
    assert set(adresses) >= {ETALON, "delegations", "suppleants", "mes_donnees", "supprimer_espace", *CALCUL_ADMIS}
    etalon = calcul(navigateur, adresses[ETALON], 3 * lectures)
    trop, mesures = [], {}
    for nom, adresse in adresses.items():
        permis = CALCUL_ADMIS.get(nom, CALCUL_AU_PLUS)
        mesures[nom] = calcul(navigateur, adresse, lectures)
        for essai in range(4):  # the machine does other things: again, beside the page that it is compared with
            if essai:
                etalon = max(etalon, calcul(navigateur, adresses[ETALON], lectures))
                mesures[nom] = min(mesures[nom], calcul(navigateur, adresse, 2 * lectures))
            if permis / 3 * (nom in CALCUL_ADMIS) <= mesures[nom] / etalon <= permis:
                break
        else:
            trop.append(f"{nom}: {mesures[nom]:.1f} ms, {mesures[nom] / etalon:.1f} × {ETALON}")
    for nom, duree in sorted(mesures.items(), key=lambda paire: -paire[1]):
        print(f"{nom:<36} {duree:6.1f} ms   {duree / etalon:4.1f} × {ETALON}")
    assert not trop, trop
