"""A time stamp on a statement of the journal, by an authority made here (`openssl ts`): no network."""

import subprocess
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from accounts.donnees.attestation_quotidienne import attester_le_journal
from accounts.traces.horodatage import AutoriteInjoignable, JetonInvalide, demander, lire_der, verifier_jeton
from accounts.traces.verification import verifier
from tests.accounts.scenes import consigner_n

CONFIGURATION = """
[tsa]
dir = {dossier}
serial = $dir/serie
crypto_device = builtin
signer_cert = $dir/tsa.pem
certs = $dir/ca.pem
signer_key = $dir/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
ess_cert_id_alg = sha256
"""


class Autorite:
    """Our authority: its address, its folder, and what it answers instead, if anything."""

    def __init__(self, dossier: Path) -> None:
        self.dossier = dossier
        self.reponse: bytes | None = None
        self.url = ""

    def openssl(self, *mots: str) -> None:
        subprocess.run(["openssl", *mots], cwd=self.dossier, check=True, capture_output=True)

    def faire_les_cles(self, algorithme: str, usage: str = "critical,timeStamping") -> None:
        genre = [
            "-newkey",
            algorithme,
            *(["-pkeyopt", "ec_paramgen_curve:P-256"] if algorithme == "ec" else []),
            "-nodes",
        ]
        self.openssl("req", "-x509", *genre, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=CA", "-days", "30")
        self.openssl("req", *genre, "-keyout", "tsa.key", "-out", "tsa.csr", "-subj", "/CN=Horodatage")
        (self.dossier / "ext").write_text(f"extendedKeyUsage={usage}\n")
        signer = ["x509", "-req", "-in", "tsa.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial"]
        self.openssl(*signer, "-days", "20", "-extfile", "ext", "-out", "tsa.pem")
        (self.dossier / "conf").write_text(CONFIGURATION.format(dossier=self.dossier))
        (self.dossier / "serie").write_text("01")

    def repondre(self, demande: bytes) -> bytes:
        if self.reponse is not None:
            return self.reponse
        (self.dossier / "q").write_bytes(demande)
        self.openssl("ts", "-reply", "-queryfile", "q", "-out", "r", "-config", "conf", "-section", "tsa")
        return (self.dossier / "r").read_bytes()

    def autorites(self, nom: str = "ca.pem") -> list[x509.Certificate]:
        return x509.load_pem_x509_certificates((self.dossier / nom).read_bytes())


@pytest.fixture
def autorite(tmp_path: Path) -> Iterator[Autorite]:
    sienne = Autorite(tmp_path)
    sienne.faire_les_cles("rsa:2048")

    class Guichet(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            reponse = sienne.repondre(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.end_headers()
            self.wfile.write(reponse)

        def log_message(self, *_: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Guichet) as serveur:
        sienne.url = f"http://127.0.0.1:{serveur.server_port}/"
        fil = threading.Thread(target=serveur.serve_forever)
        fil.start()
        yield sienne
        serveur.shutdown()
        fil.join()


@pytest.mark.parametrize("algorithme", ["rsa:2048", "ec"])
def test_un_jeton_se_demande_et_se_verifie(autorite: Autorite, algorithme: str) -> None:
    if algorithme == "ec":
        autorite.faire_les_cles("ec")
    reponse = demander(autorite.url, b"texte")
    quand = verifier_jeton(reponse, b"texte", autorite.autorites())
    assert abs(datetime.now(UTC) - quand) < timedelta(minutes=2)
    assert verifier_jeton(reponse, b"texte", autorite.autorites("tsa.pem")) == quand
    # What openssl says of the same file.
    (autorite.dossier / "t").write_bytes(b"texte")
    (autorite.dossier / "jeton.tsr").write_bytes(reponse)
    autorite.openssl("ts", "-verify", "-data", "t", "-in", "jeton.tsr", "-CAfile", "ca.pem", "-untrusted", "tsa.pem")
    with pytest.raises(JetonInvalide, match="autre texte"):
        verifier_jeton(reponse, b"autre", autorite.autorites())
    for rang in range(0, len(reponse), 97):
        fausse = bytearray(reponse)
        fausse[rang] ^= 1
        try:
            assert verifier_jeton(bytes(fausse), b"texte", autorite.autorites()) == quand, (
                "only what nobody signs may change"
            )
        except (JetonInvalide, AutoriteInjoignable):
            continue


def test_une_autre_autorite_ou_un_autre_usage_ne_passent_pas(autorite: Autorite) -> None:
    reponse = demander(autorite.url, b"texte")
    autorite.faire_les_cles("rsa:2048")
    with pytest.raises(JetonInvalide, match="d’aucune autorité"):
        verifier_jeton(reponse, b"texte", autorite.autorites())
    with pytest.raises(JetonInvalide, match="d’aucune autorité"):
        verifier_jeton(reponse, b"texte", [])


def test_une_reponse_qui_n_est_pas_la_sienne_est_refusee(autorite: Autorite) -> None:
    autorite.reponse = demander(autorite.url, b"texte")  # that of another request: its nonce is not ours
    with pytest.raises(JetonInvalide, match="de cette demande"):
        demander(autorite.url, b"texte")
    for reponse in (b"", b"\x30", b"<html>", b"\x30\x03\x02\x01\x02", bytes(40)):
        autorite.reponse = reponse
        with pytest.raises((JetonInvalide, AutoriteInjoignable)):
            demander(autorite.url, b"texte")
    autorite.reponse = bytes.fromhex("30053003020102")  # rejection, and no token
    with pytest.raises(AutoriteInjoignable):
        demander(autorite.url, b"texte")
    with pytest.raises(JetonInvalide):
        lire_der(b"\x30\x85\x01")


@pytest.mark.django_db
def test_une_attestation_est_horodatee_et_le_jeton_compare(
    autorite: Autorite, settings: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings.DOSSIER_ATTESTATIONS = tmp_path / "attestations"
    settings.HORODATAGE_URL = "http://127.0.0.1:9/"
    settings.HORODATAGE_CERTIFICATS = str(tmp_path / "ca.pem")
    consigner_n(1)
    assert attester_le_journal() is not None
    assert "horodatage_impossible" in caplog.text
    jeton = settings.DOSSIER_ATTESTATIONS / "attestation-000001.tsr"
    assert not jeton.exists()
    settings.HORODATAGE_URL = autorite.url
    assert attester_le_journal() is None, "the next run asks again"
    assert jeton.exists()
    assert verifier(settings.DOSSIER_ATTESTATIONS).anomalies == []
    jeton.write_bytes(demander(autorite.url, b"autre"))
    assert any("horodatage" in dite for dite in verifier(settings.DOSSIER_ATTESTATIONS).anomalies)
