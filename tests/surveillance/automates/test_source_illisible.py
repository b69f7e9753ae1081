"""A front that writes what is no bare address: nobody pays for a neighbour, nobody is blocked with everybody (R17)."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import reverse

from surveillance import memoire
from surveillance.automates import liste, releve
from surveillance.automates.blocages import ReseauDesAgents, bloquer_ip
from surveillance.models import BlocageIP
from tests.surveillance.automates.scenes import HONNETES, ROBOTS, Horloge, navigateur

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def neuf(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[None]:
    settings.PROXYS = 1
    monkeypatch.setattr(releve, "horloge", Horloge(time.time()))
    liste._processus.liste = liste.Liste()
    memoire.etat.muet_jusqu_a = 0.0
    yield
    liste._processus.liste = liste.Liste()


@pytest.mark.parametrize(
    ("du_robot", "de_l_autre"), [("203.0.113.7:{}", "192.0.2.9:50000"), ("unknown-{}", "unknown-50000")]
)
def test_une_adresse_suivie_de_son_port_n_est_pas_celle_de_tout_le_monde(du_robot: str, de_l_autre: str) -> None:
    robot = navigateur(ROBOTS["curl"], "10.0.0.1")
    for rang in range(12):
        robot.get(reverse("aide"), HTTP_X_FORWARDED_FOR=du_robot.format(40000 + rang))
    autre = navigateur(HONNETES["chrome"], "10.0.0.1")
    assert autre.get(reverse("aide"), HTTP_X_FORWARDED_FOR=de_l_autre).status_code == 200
    assert list(BlocageIP.objects.values_list("reseau", flat=True)) == (
        ["203.0.113.7/32"] if du_robot.startswith("203") else []
    )


def test_l_adresse_illisible_ne_se_bloque_pas() -> None:
    with pytest.raises(ReseauDesAgents):
        bloquer_ip(acteur="systeme:automates", reseau="0.0.0.0", motif="Essai")
