"""The addresses that are slowed or asked to verify: the cell reads them in words, lifts their marks, blocks one (R17)."""

from ipaddress import ip_network
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from redis import Redis

from accounts.models import Agent, Evenement
from surveillance import memoire
from surveillance.automates import releve
from surveillance.automates.blocages import BlocageReserve
from surveillance.automates.grades import Grade
from surveillance.automates.surveillees import (
    MarqueDejaLevee,
    SurveillanceMuette,
    Surveillee,
    adresses_surveillees,
    lever_les_marques,
)
from surveillance.models import BlocageIP
from tests.espacepro.scenes import client_verifie
from tests.factories import AgentFactory
from tests.habilitations.scenes import texte

from .scenes import HONNETES, ROBOTS, Horloge, navigateur

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("horloge", "neuf")]
ROBOT, LIGNE = "203.0.113.7", "2001:db8:1:2::5"


@pytest.fixture
def cellule() -> Agent:
    return AgentFactory(fonction=Agent.Fonction.SURVEILLANCE)


def marquer(adresse: str = ROBOT, fois: int = 3) -> None:
    for _ in range(fois):
        navigateur(ROBOTS["curl"], adresse).get(reverse("connexion"))


def est_arrete(adresse: str = ROBOT) -> bool:
    return bool(navigateur(HONNETES["chrome"], adresse).get(reverse("connexion")).status_code == 403)


def mourir(monkeypatch: pytest.MonkeyPatch) -> None:
    mort = Redis(port=1, socket_connect_timeout=0.05, retry=None)
    monkeypatch.setattr(memoire, "client", lambda adresse: mort)


def test_une_adresse_marquee_se_lit_avec_ses_raisons(cellule: Agent) -> None:
    assert adresses_surveillees() == []
    marquer()
    marquer(LIGNE, 2)
    lues = adresses_surveillees()
    assert lues is not None
    assert [une.reseau for une in lues] == [ROBOT, "2001:db8:1:2::/64"], "the heaviest first"
    assert lues[0].grade is Grade.VERIFIER
    assert "curl" in lues[0].raisons
    page = texte(client_verifie(cellule).get(reverse("admin:surveillees")))
    for attendu in (ROBOT, "2001:db8:1:2::/64", "Une vérification", "curl"):
        assert attendu in page


def test_ce_qui_n_est_pas_bloque_dit_pourquoi(settings: Any) -> None:
    """With marks enough to be blocked, and not blocked: shared, the agents' own, or about to be (walker 7: 40)."""
    chargee = {"programme": 10.0}
    settings.RESEAUX_AGENTS = ["10.12.0.0/16"]
    settings.RESEAUX_PARTAGES = [ip_network("198.51.100.0/24")]
    dits = [Surveillee("x", adresse, chargee).reponse for adresse in ("10.12.3.4", "198.51.100.7", ROBOT)]
    for dit, attendu in zip(dits, ("les agents", "plusieurs comptes", "prochaine demande"), strict=True):
        assert attendu in dit
    assert Surveillee("x", "198.51.100.7", {"programme": 3.0}).reponse == "une vérification"


def test_redis_ne_nomme_personne() -> None:
    marquer()
    client = memoire.client(settings.CACHES["default"]["LOCATION"])
    lu = "".join(f"{cle}{client.dump(cle)!r}" for cle in client.scan_iter(f"{releve.PREFIXE}*"))
    assert ROBOT not in lu


def test_ce_qui_n_a_plus_assez_de_marques_n_y_est_plus(horloge: Horloge) -> None:
    marquer()
    horloge.avancer(2 * releve.FENETRE_DES_RELEVES + 1)
    assert adresses_surveillees() == []


def test_la_cellule_leve_les_marques(cellule: Agent) -> None:
    marquer()
    assert est_arrete()
    (une,) = adresses_surveillees() or []
    client = client_verifie(cellule)
    page = reverse("admin:surveillee_lever", args=[une.pk])
    assert ROBOT in texte(client.get(page))
    assert adresses_surveillees(), "a GET lifts nothing"
    assert client.post(page)["Location"] == reverse("admin:surveillees")
    assert adresses_surveillees() == []
    assert not est_arrete()
    ligne = Evenement.objects.get(acte="adresse.marque_levee")
    assert ligne.details == {"reseau": ROBOT}
    with pytest.raises(MarqueDejaLevee):
        lever_les_marques(acteur=cellule, surveillee=une.pk)
    assert client.get(page)["Location"] == reverse("admin:surveillees"), "twice: the list says how it stands"


def test_la_cellule_la_bloque(cellule: Agent) -> None:
    marquer()
    (une,) = adresses_surveillees() or []
    client = client_verifie(cellule)
    page = reverse("admin:surveillee_bloquer", args=[une.pk])
    assert f'value="{ROBOT}"' in client.get(page).content.decode()
    assert client.post(page, {"reseau": ROBOT, "duree": "1 h", "motif": "aspiration"}).status_code == 302
    assert BlocageIP.objects.get().agent == cellule


@pytest.mark.parametrize("fonction", ["GESTIONNAIRE", "CHEF", "AUDITEUR"])
def test_la_cellule_seule(fonction: str) -> None:
    marquer()
    (une,) = adresses_surveillees() or []
    autre = AgentFactory(fonction=fonction)
    client = client_verifie(autre)
    adresses = [
        reverse("admin:surveillees"),
        *(reverse(f"admin:surveillee_{n}", args=[une.pk]) for n in ("lever", "bloquer")),
    ]
    assert {client.get(adresse).status_code for adresse in adresses} == {404}
    with pytest.raises(BlocageReserve):
        lever_les_marques(acteur=autre, surveillee=une.pk)


def test_sans_redis_la_page_le_dit_et_rien_n_est_leve(cellule: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
    marquer()
    (une,) = adresses_surveillees() or []
    mourir(monkeypatch)
    client: Any = client_verifie(cellule)
    page = client.get(reverse("admin:surveillees"))
    assert page.status_code == 200
    assert "ne répond pas" in texte(page)
    memoire.etat.muet_jusqu_a = 0.0
    with pytest.raises(SurveillanceMuette):
        lever_les_marques(acteur=cellule, surveillee=une.pk)
    assert not Evenement.objects.filter(acte="adresse.marque_levee").exists()


def test_un_navigateur_sans_marque_n_y_est_pas() -> None:
    Client(REMOTE_ADDR=ROBOT, headers=dict(HONNETES["chrome"])).get(reverse("connexion"))
    assert adresses_surveillees() == []
