"""What every request costs and leaves in the logs: nothing is read for what is the same for everybody, one line an answer."""

import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client, RequestFactory, override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Espace
from accounts.traces.requete import adresse_ip
from espacepro.acces import TABLE, Acces

pytestmark = pytest.mark.django_db
RESSOURCES = [nom for nom, porte in TABLE.items() if porte.qui is Acces.RESSOURCE]


@pytest.fixture
def lignes() -> Iterator[list[str]]:
    """The lines of the log at INFO, as the console of production writes them."""
    ecrites: list[str] = []

    class Poignee(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            ecrites.append(self.format(record))

    racine, poignee = logging.getLogger(), Poignee()
    console = next(h for h in racine.handlers if type(h) is logging.StreamHandler)
    poignee.setFormatter(console.formatter)
    niveau = racine.level
    racine.addHandler(poignee)
    racine.setLevel(logging.INFO)
    yield ecrites
    racine.removeHandler(poignee)
    racine.setLevel(niveau)


@pytest.mark.parametrize(
    ("ecrite", "lue"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("2001:DB8:0::1", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("203.0.113.9:443", "203.0.113.9"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("[::ffff:203.0.113.9]:443", "203.0.113.9"),
        ("203.0.113.9:443:1", "0.0.0.0"),
        ("pas une adresse", "0.0.0.0"),
    ],
)
@pytest.mark.parametrize("proxys", [0, 1])
def test_une_adresse_n_a_qu_une_forme(ecrite: str, lue: str, proxys: int, settings: Any) -> None:
    """A socket of both versions, or a proxy, may write an IPv4 address as IPv6: it has one counter, one network, one blocking."""
    settings.PROXYS = proxys
    ou = {"HTTP_X_FORWARDED_FOR": ecrite} if proxys else {"REMOTE_ADDR": ecrite}
    assert adresse_ip(RequestFactory().get("/", **ou)) == lue


@pytest.mark.parametrize("nom", RESSOURCES)
def test_rien_n_est_lu_d_une_session_pour_une_ressource(
    nom: str, espace: Espace, client: Client, client_de: Callable[[Espace], Client]
) -> None:
    navigateur = client_de(espace)
    with CaptureQueriesContext(connection) as du_visiteur:
        attendue = client.get(reverse(nom))
    with CaptureQueriesContext(connection) as du_titulaire:
        reponse = navigateur.get(reverse(nom))
    assert reponse.status_code == attendue.status_code == 200
    assert len(du_titulaire) == len(du_visiteur)
    assert not reponse.cookies
    assert navigateur.get(reverse("espace")).status_code == 200  # the session goes on


def test_une_ligne_par_reponse_et_qui_l_a_demandee(
    lignes: list[str], espace: Espace, client_de: Callable[[Espace], Client]
) -> None:
    client_de(espace).get(reverse("espace"))
    (ligne,) = [json.loads(ligne) for ligne in lignes]
    assert ligne["event"] == "request_finished"
    assert (ligne["code"], ligne["request"]) == (200, "GET /espace/")
    assert ligne["user_id"] == str(espace.compte_id)


@pytest.mark.parametrize(
    ("adresse", "ecrite"),
    [
        ("/signaler/?reference=D-2026-7E8SRTU2", "GET /signaler/?reference"),
        ("/robots.txt?q=marie.martin%40exemple.fr&page=2", "GET /robots.txt?q&page"),
        ("/robots.txt?marie.martin%40exemple.fr", "GET /robots.txt?***"),
    ],
)
def test_la_ligne_dit_les_noms_des_parametres_jamais_leurs_valeurs(
    lignes: list[str], client: Client, adresse: str, ecrite: str
) -> None:
    client.get(adresse)
    assert [json.loads(ligne)["request"] for ligne in lignes] == [ecrite]
    assert not any("martin" in ligne or "7E8SRTU2" in ligne for ligne in lignes)


def test_nulle_part_dans_les_journaux_une_valeur_de_requete(lignes: list[str]) -> None:
    logging.getLogger("django.request").warning("Not Found: %s", "/gestion/chercher/?q=martin&par=nom")
    (ligne,) = lignes
    assert json.loads(ligne)["event"].endswith("/gestion/chercher/?q=***&par=***")


@pytest.mark.parametrize(("proxys", "attendue"), [(0, "127.0.0.1"), (1, "198.51.100.7")])
def test_la_ligne_ne_croit_pas_l_adresse_qu_un_navigateur_ecrit(
    lignes: list[str], client: Client, proxys: int, attendue: str
) -> None:
    with override_settings(PROXYS=proxys):
        client.get(reverse("robots"), HTTP_X_FORWARDED_FOR="203.0.113.9, 198.51.100.7")
    assert settings.PROXYS == 0
    assert [json.loads(ligne)["ip"] for ligne in lignes] == [attendue]
