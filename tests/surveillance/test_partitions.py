"""The sign-ins fall into the partition of their month."""

import uuid
from datetime import UTC, datetime

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from surveillance.models import Connexion
from surveillance.partitions import abandonner_partitions, creer_partitions
from tests.scenes import en_parallele


def noter(quand: datetime) -> None:
    Connexion.objects.create(id=uuid.uuid4(), quand=quand, resultat="REUSSIE", adresse_ip="192.0.2.1")


def partitions() -> dict[str, int]:
    with connection.cursor() as curseur:
        curseur.execute("SELECT tableoid::regclass::text, count(*) FROM surveillance_connexion GROUP BY 1")
        return dict(curseur.fetchall())


def test_les_mois_a_venir_sont_crees_une_fois_annee_comprise(db: None) -> None:
    novembre = datetime(2031, 11, 23, 12, tzinfo=UTC)
    attendues = [f"surveillance_connexion_{mois}" for mois in ("2031_11", "2031_12", "2032_01", "2032_02")]
    assert creer_partitions(maintenant=novembre) == attendues
    assert creer_partitions(maintenant=novembre) == []
    noter(datetime(2032, 2, 29, 23, 59, 59, 999999, tzinfo=UTC))
    noter(datetime(2032, 1, 1, tzinfo=UTC))
    noter(datetime(2032, 3, 1, tzinfo=UTC))
    assert partitions() == {attendues[3]: 1, attendues[2]: 1, "surveillance_connexion_reste": 1}


def test_une_installation_neuve_a_le_mois_de_sa_premiere_connexion(db: None) -> None:
    """`migrate` has just made the database: nobody's sign-in waits for the night's job in the default partition."""
    noter(timezone.now())
    assert list(partitions()) == [f"surveillance_connexion_{datetime.now(UTC):%Y_%m}"]


def test_les_lignes_du_reste_rejoignent_leur_mois(db: None) -> None:
    noter(datetime(2031, 5, 31, 23, 59, tzinfo=UTC))
    noter(datetime(2031, 6, 15, tzinfo=UTC))
    creer_partitions(mois=0, maintenant=datetime(2031, 6, 20, tzinfo=UTC))
    assert partitions() == {"surveillance_connexion_reste": 1, "surveillance_connexion_2031_06": 1}
    assert Connexion.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_deux_travaux_a_la_fois_ne_se_genent_pas() -> None:
    try:
        resultats = en_parallele(2, lambda _: creer_partitions(mois=1, maintenant=datetime(2033, 1, 5, tzinfo=UTC)))
        assert sorted(nom for noms in resultats for nom in noms) == [
            "surveillance_connexion_2033_01",
            "surveillance_connexion_2033_02",
        ]
    finally:
        with connection.cursor() as curseur:
            curseur.execute("DROP TABLE surveillance_connexion_2033_01, surveillance_connexion_2033_02")


def test_la_commande_dit_ce_qu_elle_cree(db: None, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("creer_partitions", "--mois", "12")
    assert "surveillance_connexion_" in capsys.readouterr().out


def test_un_mois_tombe_douze_mois_apres_sa_fin(db: None) -> None:
    abandonner_partitions(maintenant=datetime(2031, 1, 10, tzinfo=UTC))  # those of today
    creer_partitions(mois=2, maintenant=datetime(2031, 1, 10, tzinfo=UTC))
    noter(datetime(2031, 1, 31, 23, 59, 59, tzinfo=UTC))
    noter(datetime(2031, 2, 1, tzinfo=UTC))
    noter(datetime(2030, 6, 1, tzinfo=UTC))  # in the default partition
    connection.cursor().execute("SET CONSTRAINTS ALL IMMEDIATE")  # what a commit would have done
    assert abandonner_partitions(maintenant=datetime(2032, 1, 31, 23, 59, 59, tzinfo=UTC)) == []
    assert partitions() == {"surveillance_connexion_2031_01": 1, "surveillance_connexion_2031_02": 1}
    creer_partitions(mois=0, maintenant=datetime(2032, 2, 1, tzinfo=UTC))
    assert abandonner_partitions(maintenant=datetime(2032, 2, 1, tzinfo=UTC)) == ["surveillance_connexion_2031_01"]
    assert abandonner_partitions(maintenant=datetime(2032, 2, 1, tzinfo=UTC)) == []
    assert partitions() == {"surveillance_connexion_2031_02": 1}
