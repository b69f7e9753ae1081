"""LibreOffice in French: opens a file and saves it, as a person would."""

import shutil
import subprocess
from pathlib import Path

import pytest

INSTALLER = "apt-get install -y --no-install-recommends libreoffice-calc"
FRANCAIS = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry" xmlns:xs="http://www.w3.org/2001/XMLSchema"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<item oor:path="/org.openoffice.Setup/L10N"><prop oor:name="ooSetupSystemLocale" oor:op="fuse"><value>fr-FR</value></prop></item>
<item oor:path="/org.openoffice.Setup/L10N"><prop oor:name="ooLocale" oor:op="fuse"><value>fr</value></prop></item>
</oor:items>
"""
# Semicolons, double quotes, UTF-8, from the first line, in French (1036): what its dialogue proposes for our files.
LIRE_CSV = "CSV:59,34,76,1,,1036"
ECRIRE_CSV = "csv:Text - txt - csv (StarCalc):59,34,76,1,,1036,false,true"


def ouvrir_et_enregistrer(contenu: bytes, dossier: Path, *, nom: str, vers: str = "csv") -> bytes:
    """Return what LibreOffice in French makes of this file, opened and saved as CSV or XLSX. Fails where it is absent."""
    soffice = shutil.which("soffice")
    if soffice is None:
        pytest.fail(f"LibreOffice is needed here: {INSTALLER}")
    profil = dossier / "profil"
    (profil / "user").mkdir(parents=True, exist_ok=True)
    (profil / "user" / "registrymodifications.xcu").write_text(FRANCAIS, encoding="utf-8")
    entree, sortie = dossier / nom, dossier / "sortie"
    entree.write_bytes(contenu)
    subprocess.run(
        [
            soffice,
            f"-env:UserInstallation={profil.as_uri()}",
            "--headless",
            *([f"--infilter={LIRE_CSV}"] if nom.endswith(".csv") else []),
            "--convert-to",
            ECRIRE_CSV if vers == "csv" else vers,
            "--outdir",
            str(sortie),
            str(entree),
        ],
        check=True,
        capture_output=True,
        timeout=180,
    )
    return (sortie / f"{entree.stem}.{vers}").read_bytes()
