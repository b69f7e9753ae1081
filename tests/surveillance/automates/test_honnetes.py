"""Honest people replayed over HTTP, by their recorded headers and times: nobody is slowed, verified nor blocked (R17).

Forty here, a thousand with `run.py test --long`, among them who signs in within a second by a password manager that fills every field it
sees, who has no JavaScript, who is behind a proxy that strips headers; forty of one kind behind one address, as an office is.
"""

import itertools
import os
import sys
import time
from collections import Counter
from dataclasses import dataclass

import pytest
from django.test import Client
from django.urls import reverse

from surveillance.automates import liste, releve
from surveillance.automates.grades import Garde, Grade
from surveillance.models import BlocageIP
from tests.factories import MOT_DE_PASSE, EspaceFactory

from .scenes import HONNETES, ROBOTS, Horloge, envoyer, navigateur

pytestmark = pytest.mark.django_db
LONG = os.environ.get("ESSAIS_LONGS") == "1"
PERSONNES = 1_000 if LONG else 40
BUREAU = 40  # people behind one address, who mistype twenty passwords: design §8 allows an address thirty a day at once


@dataclass(frozen=True)
class Rythme:
    """How somebody goes on: seconds on a page, seconds on the sign-in, and how many wrong passwords first."""

    lecture: float
    saisie: float
    manques: int = 0


RYTHMES = (
    Rythme(lecture=8, saisie=12),
    Rythme(lecture=2, saisie=0.4),  # a password manager
    Rythme(lecture=45, saisie=90),  # a screen reader
    Rythme(lecture=5, saisie=20, manques=2),
)


def visiter(client: Client, espace: str, rythme: Rythme, horloge: Horloge, rang: int) -> list[int]:
    """Read the help, sign in, read one's espace; return the statuses."""
    vus = [client.get(reverse("aide")).status_code]
    horloge.avancer(rythme.lecture)
    for essai in range(rythme.manques + 1):
        vus.append(client.get(reverse("connexion")).status_code)
        servi = time.time() - rythme.saisie
        mot = MOT_DE_PASSE if essai == rythme.manques else f"Faux-{rang}-{essai}"
        champs = {"username": espace, "password": mot, "next": ""}
        vus.append(envoyer(client, reverse("connexion"), champs, servi_a=servi).status_code)
        horloge.avancer(rythme.saisie)
    for nom in ("espace", "gerer_services"):
        vus.append(client.get(reverse(nom)).status_code)
        horloge.avancer(rythme.lecture)
    return vus


def test_aucune_personne_n_est_prise_pour_un_automate(monkeypatch: pytest.MonkeyPatch) -> None:
    horloge = Horloge.ronde()
    monkeypatch.setattr(releve, "horloge", horloge)
    grades: Counter[Grade] = Counter()
    decider = Garde.decider

    def compter(self: Garde) -> Grade:
        grade = decider(self)
        grades[grade] += 1
        return grade

    monkeypatch.setattr(Garde, "decider", compter)
    genres = sorted(HONNETES)
    vus: Counter[int] = Counter()
    for rang, (genre, rythme) in zip(
        range(PERSONNES), itertools.cycle(itertools.product(genres, RYTHMES)), strict=False
    ):
        bureau = rang // (BUREAU * len(genres))
        adresse = f"192.0.2.{bureau * len(genres) + genres.index(genre) + 1}"
        siens = visiter(navigateur(HONNETES[genre], adresse), EspaceFactory().compte.email, rythme, horloge, rang)
        assert siens[-3:] == [302, 200, 200], f"{genre}, {rythme}: signed in, at home, at work"
        vus.update(siens)
    sys.stdout.write(f"\n{PERSONNES} people, {sum(vus.values())} requests: {dict(vus)}; grades {dict(grades)}\n")
    assert set(vus) == {200, 302}
    assert set(grades) == {Grade.RIEN}
    assert not BlocageIP.objects.exists()


DEGUISE = dict(HONNETES["chrome"])


def aspirer(entetes: dict[str, str], requetes: int, pause: float, horloge: Horloge, adresse: str) -> list[int]:
    """Ask for public pages, one after the other."""
    client = navigateur(entetes, adresse)
    vus = []
    for _ in range(requetes):
        vus.append(client.get(reverse("accessibilite")).status_code)
        horloge.avancer(pause)
    return vus


def essayer(adresses: list[str], comptes: list[str], essais: int, pause: float, horloge: Horloge) -> list[int]:
    """Try passwords as a browser that reads its page and waits."""
    vus = []
    for rang in range(essais):
        client = navigateur(DEGUISE, adresses[rang % len(adresses)])
        champs = {"username": comptes[rang % len(comptes)], "password": f"Essai-{rang}"}
        vus.append(envoyer(client, reverse("connexion"), champs, servi_a=time.time() - 9).status_code)
        horloge.avancer(pause)
    return vus


@pytest.mark.long
@pytest.mark.skipif(not LONG, reason="a minute of robots: ESSAIS_LONGS=1")
def test_ce_qui_est_trouve_et_ce_qui_est_manque(monkeypatch: pytest.MonkeyPatch) -> None:
    """Print, for each robot, the first request that is slowed, verified, blocked: the table of docs/surveillance.md."""
    horloge = Horloge.ronde()
    monkeypatch.setattr(releve, "horloge", horloge)
    monkeypatch.setattr(Garde, "peut_continuer", lambda self: False)
    inconnus = [f"p{rang}@exemple.fr" for rang in range(400)]
    etendue = [f"198.51.100.{rang}" for rang in range(100)]
    scenes = {
        nom: aspirer(dict(ROBOTS[nom]), 40, 1, horloge, f"203.0.113.{rang + 10}")
        for rang, nom in enumerate(sorted(ROBOTS))
    }
    scenes["déguisé, 20 pages par seconde"] = aspirer(DEGUISE, 500, 0.05, horloge, "203.0.113.50")
    scenes["déguisé, une page par seconde"] = aspirer(DEGUISE, 300, 1, horloge, "203.0.113.51")
    scenes["stuffing d’une adresse"] = essayer(["203.0.113.60"], inconnus, 200, 2, horloge)
    scenes["spraying de quatre adresses"] = essayer(
        [f"203.0.113.{70 + n}" for n in range(4)], inconnus, 400, 1, horloge
    )
    scenes["un compte deviné de 100 adresses"] = essayer(etendue, inconnus[:1], 100, 2, horloge)
    premier = {
        nom: [vus.index(statut) + 1 if statut in vus else 0 for statut in (429, 403)] for nom, vus in scenes.items()
    }
    for nom, (lent, verifie) in premier.items():
        sys.stdout.write(f"\n| {nom} | {lent or '–'} | {verifie or '–'} |")
    bloquees = set(BlocageIP.objects.values_list("reseau", flat=True))
    sys.stdout.write(f"\nblocked: {sorted(bloquees)}\n")
    assert all(premier[nom][1] for nom in ROBOTS)
    assert premier["déguisé, 20 pages par seconde"][1]
    assert premier["stuffing d’une adresse"][1]
    assert premier["un compte deviné de 100 adresses"] == [0, 0], "each account keeps its own counter (design §8)"


def test_cent_mille_reseaux_bloques_coutent_quelques_microsecondes() -> None:
    """What BlocageMiddleware asks at each request, Redis not even known of."""
    fin = None
    large = liste.Liste((1, 1), {(4, 32): {rang * 4096: fin for rang in range(100_000)}, (6, 64): {}})
    liste._processus.liste = large
    try:
        debut = time.perf_counter()
        for _ in range(2_000):
            liste.est_bloquee("198.51.100.7")
        duree = (time.perf_counter() - debut) / 2_000
    finally:
        liste._processus.liste = liste.Liste()
    sys.stdout.write(f"\n100,000 blocked networks: {1e6 * duree:.1f} µs a request\n")
    assert duree < 0.001
