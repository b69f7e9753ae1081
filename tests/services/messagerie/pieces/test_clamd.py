"""The real ClamAV, with two signatures of our own for the EICAR file: no other is loaded, none is fetched."""

import hashlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from services.messagerie.pieces import antivirus
from services.messagerie.pieces.natures import TAILLE_D_UNE_PIECE

from .scenes import EICAR, open_xml, zipper

pytestmark = pytest.mark.long

INSTALLER = "apt-get install -y --no-install-recommends clamav-daemon"
DEMARRAGE = 20.0  # seconds


@pytest.fixture(scope="module")
def vrai_clamd() -> Iterator[str]:
    """Start the daemon on two signatures; its socket stands in a short path, as sockets want it. Fails where it is absent."""
    clamd = shutil.which("clamd", path=f"{os.environ['PATH']}:/usr/sbin")
    if clamd is None:
        pytest.fail(f"ClamAV is needed here: {INSTALLER}")
    with tempfile.TemporaryDirectory(prefix="clamd-") as nom:
        dossier, base = Path(nom), Path(nom) / "signatures"
        base.mkdir()
        (base / "essai.hdb").write_text(f"{hashlib.md5(EICAR).hexdigest()}:{len(EICAR)}:Essai.Eicar\n")  # noqa: S324
        (base / "essai.ndb").write_text(f"Essai.Eicar.Corps:0:*:{EICAR.hex()}\n")
        (dossier / "clamd.conf").write_text(
            f"DatabaseDirectory {base}\nLocalSocket {dossier}/clamd\nLocalSocketMode 600\nForeground yes\n"
            "StreamMaxLength 12M\nMaxFileSize 12M\nMaxScanSize 200M\nAlertEncryptedArchive yes\nAlertOLE2Macros yes\n"
        )
        demon = subprocess.Popen(
            [clamd, "-c", str(dossier / "clamd.conf")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            fin = time.monotonic() + DEMARRAGE
            while not (dossier / "clamd").exists() and time.monotonic() < fin:
                assert demon.poll() is None, "clamd stopped at once"
                time.sleep(0.05)
            yield f"unix:{dossier}/clamd"
        finally:
            demon.terminate()
            demon.wait(10)


@pytest.fixture(autouse=True)
def _branche(settings: Settings, vrai_clamd: str) -> None:
    settings.ANTIVIRUS, settings.CLAMD_ADRESSE = "clamd", vrai_clamd


def test_il_repond() -> None:
    assert antivirus.repond()


@pytest.mark.parametrize(
    "contenu",
    [EICAR, b"Bonjour\n" + EICAR, zipper({"eicar.com": EICAR}), open_xml("docx", {"word/media/a.txt": EICAR})],
    ids=["seul", "apres_un_texte", "dans_un_zip", "dans_un_docx"],
)
def test_eicar_est_reconnu(contenu: bytes) -> None:
    assert antivirus.analyser([contenu]).startswith("Essai.Eicar")


def test_un_fichier_sain_de_dix_megaoctets() -> None:
    hasard = os.urandom(TAILLE_D_UNE_PIECE)
    assert antivirus.analyser(hasard[place : place + 65_536] for place in range(0, len(hasard), 65_536)) == ""


def test_au_dela_de_sa_limite_il_n_a_pas_de_verdict() -> None:
    with pytest.raises((antivirus.SansVerdict, antivirus.AntivirusInjoignable)):
        antivirus.analyser(b"x" * 65_536 for _ in range(260))
