"""Only the literal OK is a yes; whatever else a daemon says, or does not say, is none."""

import socket
import threading
import time
from pathlib import Path

import pytest
from django.core.cache import cache
from pytest_django import Settings

from services.messagerie.pieces import antivirus
from services.messagerie.pieces.antivirus import AntivirusInjoignable, SansVerdict
from services.messagerie.pieces.verification import verifier_les_pieces

from .clamd import FauxClamd
from .scenes import EICAR, oublier_la_panne


def test_ok_est_un_oui_et_found_un_non(clamd: FauxClamd) -> None:
    assert antivirus.repond()
    assert antivirus.analyser([b"bon", b"jour"]) == ""
    assert clamd.recus == [b"bonjour"]
    assert antivirus.analyser([EICAR]) == "Eicar-Test-Signature"


@pytest.mark.parametrize(
    "reponse", ["stream: OK FOUND ERROR", "OK", "stream: ok", "UNKNOWN COMMAND", "stream: scan ERROR"]
)
def test_toute_autre_reponse_n_en_est_pas_une(clamd: FauxClamd, reponse: str) -> None:
    clamd.humeur = reponse
    with pytest.raises(SansVerdict):
        antivirus.analyser([b"bonjour"])


def test_une_limite_depassee_n_est_pas_un_oui(clamd: FauxClamd) -> None:
    """It answers before it has read all: what is still being sent is refused by the socket."""
    clamd.humeur = "trop_long"
    with pytest.raises((SansVerdict, AntivirusInjoignable)):
        antivirus.analyser(b"x" * 65_536 for _ in range(150))


@pytest.mark.parametrize("humeur", ["meurt", "fige", "coupe", "goutte"])
def test_un_demon_qui_meurt_ou_se_tait_est_injoignable(clamd: FauxClamd, humeur: str) -> None:
    clamd.humeur = humeur
    debut = time.monotonic()
    with pytest.raises(AntivirusInjoignable):
        antivirus.analyser([b"bonjour"])
    assert time.monotonic() - debut < 5


@pytest.mark.parametrize(
    "adresse", ["", "unix:/nulle/part", "tcp://127.0.0.1:1", "tcp://127.0.0.1", "http://a:1", "tcp://a:b"]
)
def test_une_adresse_ou_il_n_y_a_personne(settings: Settings, adresse: str) -> None:
    settings.ANTIVIRUS, settings.CLAMD_ADRESSE = "clamd", adresse
    assert not antivirus.repond()
    with pytest.raises(AntivirusInjoignable):
        antivirus.analyser([b"bonjour"])


def test_le_reseau_aussi(settings: Settings, clamd: FauxClamd) -> None:
    def repondre(serveur: socket.socket) -> None:
        client, _ = serveur.accept()
        with client:
            clamd.repondre(client)

    with socket.create_server(("127.0.0.1", 0)) as serveur:
        fil = threading.Thread(target=repondre, args=(serveur,), daemon=True)
        fil.start()
        settings.CLAMD_ADRESSE = f"tcp://127.0.0.1:{serveur.getsockname()[1]}"
        assert antivirus.analyser([EICAR]) == "Eicar-Test-Signature"
        fil.join(5)


def test_un_demon_muet_se_voit_dans_le_temps_d_une_connexion(clamd_muet: list[float]) -> None:
    debut = time.monotonic()
    assert not antivirus.repond()
    assert time.monotonic() - debut < 2
    assert len(clamd_muet) == 1


def test_qui_a_ete_trouve_muet_n_est_redemande_qu_une_minute_plus_tard(clamd: FauxClamd, settings: Settings) -> None:
    settings.CLAMD_ADRESSE = "unix:/nulle/part"
    assert not antivirus.repond()
    settings.CLAMD_ADRESSE = clamd.adresse
    assert not antivirus.repond()
    oublier_la_panne()
    assert antivirus.repond()


def test_sans_redis_le_demon_est_demande(clamd: FauxClamd, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing may depend on Redis."""

    def en_panne(*_: object, **__: object) -> None:
        raise ConnectionError

    monkeypatch.setattr(cache, "get", en_panne)
    monkeypatch.setattr(cache, "set", en_panne)
    assert antivirus.repond()
    settings.CLAMD_ADRESSE = "unix:/nulle/part"
    assert not antivirus.repond()


def test_ce_que_la_production_doit_dire(settings: Settings, tmp_path: Path) -> None:
    def fautes() -> list[str | None]:
        return [faute.id for faute in verifier_les_pieces(None)]

    settings.ANTIVIRUS = ""
    assert fautes() == ["espacepro.E021"]
    assert antivirus.actif()  # unsaid: what waits goes on waiting, nothing is served
    settings.ANTIVIRUS = "clamd"
    assert fautes() == ["espacepro.E022"]
    settings.CLAMD_ADRESSE = "tcp://clamav:3310"
    assert fautes() == []
    settings.CLAMD_ADRESSE = "unix:/run/clamd"
    assert fautes() == []
    settings.ANTIVIRUS = "aucun"
    assert fautes() == []
    settings.STATIC_ROOT, settings.PIECES = tmp_path, tmp_path / "a" / "pieces"
    assert fautes() == ["espacepro.E023"]
