"""A session that moves: recorded requests, what each raises, and that a page asks no query more for it."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Courriel, Espace, Session
from surveillance.models import Alerte, SignalVu
from surveillance.signaux.session import changement, nom_seul
from tests.accounts.scenes import CHROME, IPHONE, connecter

BUREAU = {"pays": "FR", "navigateur": "Chrome 140", "systeme": "Windows 10"}
ENREGISTREES = [
    (BUREAU, BUREAU, None),
    (BUREAU, BUREAU | {"navigateur": "Chrome 141"}, None),
    (BUREAU, BUREAU | {"systeme": "Windows 11"}, None),
    (BUREAU, BUREAU | {"pays": ""}, None),
    ({"pays": ""} | {"navigateur": "", "systeme": ""}, BUREAU, None),
    (BUREAU, BUREAU | {"pays": "BR"}, "session_pays"),
    (BUREAU, BUREAU | {"navigateur": "Firefox 145"}, "session_appareil"),
    (BUREAU, BUREAU | {"navigateur": "", "systeme": ""}, "session_appareil"),
    (BUREAU, {"pays": "BR", "navigateur": "Firefox 145", "systeme": "Linux"}, "session_volee"),
]


@pytest.mark.parametrize(("avant", "ici", "genre"), ENREGISTREES)
def test_ce_qui_est_un_changement(avant: dict[str, str], ici: dict[str, str], genre: str | None) -> None:
    assert changement(avant, ici) == genre


def test_une_version_n_est_pas_un_nom() -> None:
    assert [nom_seul(nom) for nom in ("Chrome 140", "Mac OS X 10", "Chrome Mobile iOS 131", "Linux", "")] == [
        "Chrome",
        "Mac OS X",
        "Chrome Mobile iOS",
        "Linux",
        "",
    ]


def voler(client: Client, adresse: str, agent: str) -> Client:
    """Another browser with the cookie of this one."""
    voleur = Client(REMOTE_ADDR=adresse, headers={"user-agent": agent})
    voleur.cookies = client.cookies
    return voleur


def test_un_temoin_vole_est_ferme_a_sa_premiere_requete(espace: Espace) -> None:
    client = connecter(espace, "193.51.224.1", CHROME)
    assert client.get(reverse("securite")).status_code == 200
    voleur = voler(client, "8.8.8.8", IPHONE)
    reponse = voleur.get(reverse("securite"))
    assert reponse.status_code == 302
    assert reverse("connexion") in reponse.url
    assert not Session.objects.filter(compte=espace.compte).exists()
    vu = SignalVu.objects.get()
    assert (vu.genre, vu.details["avant"]["pays"], vu.details["apres"]["pays"]) == ("session_volee", "FR", "US")
    assert Alerte.objects.get().motif == "session_volee"
    assert Courriel.objects.filter(genre="signal_vu").count() == 1
    assert client.get(reverse("securite")).status_code == 302, "the holder signs in again"


def test_un_changement_est_signale_une_fois_et_la_page_ne_coute_rien_de_plus(espace: Espace) -> None:
    client = connecter(espace, "193.51.224.1", CHROME)
    with CaptureQueriesContext(
        connection,
    ) as avant:
        client.get(reverse("securite"))
    autre = voler(client, "193.51.224.1", IPHONE)
    assert autre.get(reverse("securite")).status_code in {200, 302}
    assert SignalVu.objects.get().genre == "session_appareil"
    with CaptureQueriesContext(connection) as apres:
        autre.get(reverse("securite"))
    assert SignalVu.objects.count() == 1
    assert not [r for r in apres.captured_queries if "surveillance_signalvu" in r["sql"]]
    assert not [r for r in avant.captured_queries if "surveillance_signalvu" in r["sql"]]
