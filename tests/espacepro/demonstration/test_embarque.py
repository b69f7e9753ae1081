"""Embedded servers: started once, found again, alive after `kill -9` with their data, clear when they cannot be."""

import os
import signal
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from espacepro.demonstration.embarque import (
    ServeurIndisponible,
    arreter_postgresql,
    arreter_redis,
    demarrer_postgresql,
    demarrer_redis,
    preparer_dossier,
)


@pytest.fixture
def dossier(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    dossier = tmp_path_factory.mktemp("serveurs")
    yield dossier
    arreter_redis(dossier / "redis")
    arreter_postgresql(dossier / "pg")


def _tuer_postgresql(dossier: Path) -> None:
    os.kill(int((dossier / "donnees" / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)


def _nombre(url: str) -> int:
    with psycopg.connect(url) as connexion:
        ligne = connexion.execute("select count(*) from trace").fetchone()
    assert ligne is not None
    return int(ligne[0])


def test_postgresql_garde_ses_donnees_apres_un_arret_et_apres_kill_9(dossier: Path) -> None:
    pg = dossier / "pg"
    url = demarrer_postgresql(pg)
    with psycopg.connect(url) as connexion:
        connexion.execute("create table trace (n int)")
        connexion.execute("insert into trace values (1), (2)")
    assert demarrer_postgresql(pg) == url

    _tuer_postgresql(pg)
    assert demarrer_postgresql(pg) == url
    assert _nombre(url) == 2

    arreter_postgresql(pg)
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url)
    assert not (pg / "donnees" / "postmaster.pid").exists()
    assert demarrer_postgresql(pg) == url
    assert _nombre(url) == 2


def test_postgresql_n_ecoute_que_sa_prise_privee(dossier: Path) -> None:
    url = demarrer_postgresql(dossier / "pg")
    with psycopg.connect(url) as connexion:
        assert connexion.execute("show listen_addresses").fetchone() == ("",)
        assert connexion.execute("select pg_encoding_to_char(encoding) from pg_database").fetchone() == ("UTF8",)
        prise = Path(connexion.info.host)
    assert stat.S_IMODE(prise.stat().st_mode) == 0o700
    assert stat.S_IMODE((prise / ".s.PGSQL.5432").stat().st_mode) == 0o700


def test_postgresql_repart_quand_son_numero_a_ete_repris_par_un_autre_programme(dossier: Path) -> None:
    """After a reboot `postmaster.pid` may name a process of ours that is not PostgreSQL, and it would refuse to start."""
    pg = dossier / "pg"
    url = demarrer_postgresql(pg)
    fichier = pg / "donnees" / "postmaster.pid"
    lignes = fichier.read_text().splitlines()
    arreter_postgresql(pg)
    fichier.write_text("\n".join([str(os.getpid()), *lignes[1:]]) + "\n")
    assert demarrer_postgresql(pg) == url


def test_un_chemin_long_et_accentue_ne_gene_pas(dossier: Path) -> None:
    loin = dossier / "dossier à espaces, virgule" / ("x" * 90)
    try:
        with psycopg.connect(demarrer_postgresql(loin / "pg")) as connexion:
            assert len(connexion.info.host) < 60
        with redis.Redis.from_url(demarrer_redis(loin / "redis")[0]) as client:
            assert client.ping()
    finally:
        arreter_redis(loin / "redis")
        arreter_postgresql(loin / "pg")


def test_des_departs_simultanes_trouvent_un_seul_serveur(dossier: Path) -> None:
    depart = threading.Barrier(4)
    urls: list[str] = []

    def partir() -> None:
        depart.wait()
        urls.append(demarrer_postgresql(dossier / "pg", durable=False))

    fils = [threading.Thread(target=partir) for _ in range(4)]
    for fil in fils:
        fil.start()
    for fil in fils:
        fil.join()
    assert len(urls) == 4
    assert len(set(urls)) == 1


def test_redis_garde_ses_donnees_apres_kill_9(dossier: Path) -> None:
    cache, courtier = demarrer_redis(dossier / "redis")
    assert courtier.startswith("redis+socket:///")
    with redis.Redis.from_url(cache) as client:
        client.set("trace", "ici")
    # appendfsync everysec: the write has reached the kernel, which outlives the process
    os.kill(int((dossier / "redis" / "valkey.pid").read_text()), signal.SIGKILL)
    assert demarrer_redis(dossier / "redis") == (cache, courtier)
    with redis.Redis.from_url(cache) as client:
        assert client.get("trace") == b"ici"


def test_le_dossier_d_un_autre_compte_est_refuse_clairement(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        os.chown(tmp_path, 12345, 12345)
        etat, proprietaire = tmp_path, "uid 12345"
    else:
        etat, proprietaire = Path("/usr"), "root"
    with pytest.raises(ServeurIndisponible, match=f"belongs to {proprietaire} and you are "):
        preparer_dossier(etat)


def test_un_dossier_impossible_est_dit_clairement(tmp_path: Path) -> None:
    (tmp_path / "fichier").write_text("")
    with pytest.raises(ServeurIndisponible, match="Set ESPACEPRO_ETAT"):
        preparer_dossier(tmp_path / "fichier" / "etat")
