"""A time stamp on a statement of the journal, by an authority made here (`openssl ts`): no network."""

import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import time_machine
from cryptography import x509

from accounts.donnees.attestation_quotidienne import attester_le_journal
from accounts.traces.horodatage import (
    AutoriteInjoignable,
    JetonInvalide,
    demander,
    requete,
    verifier_jeton,
)
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
        self.ligne = b""  # said instead of HTTP
        self.goutter: Callable[[Any], None] | None = None
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

    def certifier(self, usage: str) -> list[x509.Certificate]:
        """Return another certificate of the same key by the same authority, for this use."""
        (self.dossier / "autre.ext").write_text(usage)
        signer = ["x509", "-req", "-in", "tsa.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial"]
        self.openssl(*signer, "-days", "20", "-extfile", "autre.ext", "-out", "autre.pem")
        return self.autorites("autre.pem")

    def autorites(self, nom: str = "ca.pem") -> list[x509.Certificate]:
        return x509.load_pem_x509_certificates((self.dossier / nom).read_bytes())


@pytest.fixture
def autorite(tmp_path: Path) -> Iterator[Autorite]:
    sienne = Autorite(tmp_path)
    sienne.faire_les_cles("rsa:2048")

    class Guichet(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            if sienne.goutter is not None:
                with suppress(OSError):  # who asked has gone
                    sienne.goutter(self.wfile)
                return
            if sienne.ligne:
                self.wfile.write(sienne.ligne)
                return
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
    for reponse in (b"", b"\x30", b"<html>", b"\x30\x03\x02\x01\x02", bytes(40), b"\x30\x85\x01"):
        autorite.reponse = reponse
        with pytest.raises((JetonInvalide, AutoriteInjoignable)):
            demander(autorite.url, b"texte")
    autorite.reponse = bytes.fromhex("30053003020102")  # rejection, and no token
    with pytest.raises(AutoriteInjoignable):
        demander(autorite.url, b"texte")


@pytest.mark.parametrize(
    "usage",
    [
        "",
        "extendedKeyUsage=timeStamping\n",
        "extendedKeyUsage=critical,emailProtection\n",
        "extendedKeyUsage=critical,timeStamping,emailProtection\n",
        "extendedKeyUsage=critical,anyExtendedKeyUsage\n",
    ],
)
def test_un_certificat_n_horodate_que_s_il_n_est_que_pour_cela(autorite: Autorite, usage: str) -> None:
    sans_certificat = bytearray(requete(b"texte", 5))
    del sans_certificat[-3:]  # certReq
    sans_certificat[1] -= 3
    reponse = autorite.repondre(bytes(sans_certificat))
    assert verifier_jeton(reponse, b"texte", autorite.autorites("tsa.pem")), "it is believed by its own certificate"
    with pytest.raises(JetonInvalide, match="pas d’horodatage"):
        verifier_jeton(reponse, b"texte", autorite.certifier(usage))


def test_une_autorite_qui_ne_parle_pas_http_est_injoignable(autorite: Autorite) -> None:
    autorite.ligne = b"220 bonjour\r\n\r\n"
    with pytest.raises(AutoriteInjoignable):
        demander(autorite.url, b"texte")


def test_un_jeton_ecrit_de_travers_est_refuse_jamais_une_panne(autorite: Autorite) -> None:
    """Whoever can write into the folder, or answers for the authority, stops neither the day's statement nor the verification."""
    reponse = demander(autorite.url, b"texte")
    version = reponse.index(bytes.fromhex("a003020102"))  # of the first certificate
    autre_version = reponse[: version + 4] + b"\x05" + reponse[version + 5 :]
    with pytest.raises(JetonInvalide):
        verifier_jeton(autre_version, b"texte", autorite.autorites())
    for taille in range(len(reponse)):
        with pytest.raises((JetonInvalide, AutoriteInjoignable)):
            verifier_jeton(reponse[:taille], b"texte", autorite.autorites())
    for nombre in range(6):  # the values of its TSTInfo, of which five are due
        courte = jeton_de(b"\x02\x01\x01" * nombre)
        with pytest.raises(JetonInvalide):
            verifier_jeton(courte, b"texte", autorite.autorites())
        autorite.reponse = courte
        with pytest.raises(JetonInvalide):
            demander(autorite.url, b"texte")


def jeton_de(informations: bytes) -> bytes:
    """Return an answer whose TSTInfo is this, signed by nobody."""

    def der(balise: int, *contenus: bytes) -> bytes:
        contenu = b"".join(contenus)
        assert len(contenu) < 0x80
        return bytes([balise, len(contenu)]) + contenu

    contenu = der(0x30, bytes.fromhex("060b2a864886f70d0109100104"), der(0xA0, der(0x04, der(0x30, informations))))
    signe = der(0x30, b"\x02\x01\x03", der(0x31), contenu, der(0x31))
    return der(0x30, der(0x30, b"\x02\x01\x00"), der(0x30, b"\x06\x01\x2a", der(0xA0, signe)))


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


def regler(settings: Any, tmp_path: Path, autorite: Autorite) -> Path:
    settings.DOSSIER_ATTESTATIONS = tmp_path / "attestations"
    settings.HORODATAGE_CERTIFICATS = str(tmp_path / "ca.pem")
    settings.HORODATAGE_URL = autorite.url
    consigner_n(1)
    dossier: Path = settings.DOSSIER_ATTESTATIONS
    return dossier


@pytest.mark.django_db
@pytest.mark.parametrize("ecart", [timedelta(days=-9), timedelta(days=-400), timedelta(minutes=10)])
def test_une_attestation_antidatee_horodatee_aujourd_hui_se_voit(
    ecart: timedelta, settings: Any, tmp_path: Path, autorite: Autorite
) -> None:
    """Whoever holds our keys writes a statement of another day, and has it stamped today: the stamp's hour tells."""
    dossier = regler(settings, tmp_path, autorite)
    with time_machine.travel(datetime.now(UTC) + ecart, tick=True):
        assert attester_le_journal() is not None
    assert (dossier / "attestation-000001.tsr").exists()
    assert any("son heure" in dite for dite in verifier(dossier).anomalies)


@pytest.mark.django_db
def test_une_attestation_trop_ancienne_n_est_plus_horodatee(settings: Any, tmp_path: Path, autorite: Autorite) -> None:
    """A statement whose authority did not answer in time has no stamp, rather than one that accuses it."""
    dossier = regler(settings, tmp_path, autorite)
    settings.HORODATAGE_URL = ""
    with time_machine.travel(datetime.now(UTC) - timedelta(days=9), tick=True):
        assert attester_le_journal() is not None
    settings.HORODATAGE_URL = autorite.url
    assert attester_le_journal() is not None
    assert not (dossier / "attestation-000001.tsr").exists()
    assert (dossier / "attestation-000002.tsr").exists()
    assert not any("horodatage" in dite for dite in verifier(dossier).anomalies)


@pytest.mark.django_db
def test_un_jeton_coupe_est_demande_de_nouveau(
    settings: Any, tmp_path: Path, autorite: Autorite, monkeypatch: pytest.MonkeyPatch
) -> None:
    dossier = regler(settings, tmp_path, autorite)
    ecrire = Path.write_bytes

    def mourir(self: Path, octets: bytes) -> int:
        if ".tsr" in self.name:
            ecrire(self, octets[:100])
            raise OSError("disque plein")
        return ecrire(self, octets)

    with monkeypatch.context() as pendant:
        pendant.setattr(Path, "write_bytes", mourir)
        attester_le_journal()
    assert not (dossier / "attestation-000001.tsr").exists()
    attester_le_journal()
    assert (dossier / "attestation-000001.tsr").exists()
    assert verifier(dossier).anomalies == []


@pytest.mark.django_db
def test_un_jeton_de_personne_ne_prend_pas_la_place(settings: Any, tmp_path: Path, autorite: Autorite) -> None:
    """Another authority answers at this address: its stamp is not kept, and ours is asked of the next run."""
    dossier = regler(settings, tmp_path, autorite)
    siennes = (tmp_path / "ca.pem").read_bytes()
    autorite.faire_les_cles("rsa:2048")
    nouvelles = (tmp_path / "ca.pem").read_bytes()
    settings.HORODATAGE_CERTIFICATS = str(tmp_path / "confiance.pem")
    (tmp_path / "confiance.pem").write_bytes(siennes)
    attester_le_journal()
    assert not (dossier / "attestation-000001.tsr").exists()
    (tmp_path / "confiance.pem").write_bytes(nouvelles)
    attester_le_journal()
    assert verifier(dossier).anomalies == []


def test_une_reponse_qui_ne_finit_pas_est_abandonnee(autorite: Autorite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("accounts.traces.horodatage.DELAI_DE_REPONSE", 0.3)
    entete = b"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n"

    def goutter(flux: Any) -> None:
        flux.write(entete)
        for _ in range(20):
            time.sleep(0.1)
            flux.write(b"0")

    autorite.goutter = goutter
    with pytest.raises(AutoriteInjoignable):
        demander(autorite.url, b"texte")
