"""A million lines of INSEE's layout: constant memory, the same counts as the files, run again without a change (issue 11).

    ESSAIS_LONGS=1 .venv/bin/python -m pytest tests/charge/test_import.py -s

`IMPORT_LIGNES` sets the size.
"""

import csv
import os
import resource
import time
from collections import Counter
from pathlib import Path

import pytest
from stdnum import luhn

from services.catalogue.chargement import charger_services_gestionnaires
from services.importation import BilanImport, importer_personnes
from services.models import EvenementRegistre, PersonneSirenisee, RepresentantLegal
from tests.factories import siren
from tests.services.insee import COLONNES_ETABLISSEMENT, COLONNES_UNITE

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.long,
    pytest.mark.skipif(os.environ.get("ESSAIS_LONGS") != "1", reason="a million lines: ESSAIS_LONGS=1"),
]
LIGNES = int(os.environ.get("IMPORT_LIGNES", "1000000"))
PLAFOND = 64 * 1024  # kB that the process may grow by, however long the files: a million lines weigh some 250 MB


def fichiers(dossier: Path, lignes: int, *, closes: int = 0) -> tuple[Path, Path, Counter[str]]:
    """Write both files: sociétés, entrepreneurs, masked, purged, faulty; return what they hold, counted as written."""
    unites, sieges, compte = dossier / "unites.csv", dossier / "sieges.csv", Counter[str]()
    with unites.open("w", newline="") as u, sieges.open("w", newline="") as s:
        ecrire_u, ecrire_s = csv.DictWriter(u, COLONNES_UNITE), csv.DictWriter(s, COLONNES_ETABLISSEMENT)
        ecrire_u.writeheader()
        ecrire_s.writeheader()
        for rang in range(lignes):
            numero = siren(rang)
            unite = {
                "siren": numero,
                "statutDiffusionUniteLegale": "O",
                "etatAdministratifUniteLegale": "C" if rang < closes else "A",
                "categorieJuridiqueUniteLegale": "5710",
                "denominationUniteLegale": f"SOCIÉTÉ {rang}",
            }
            genre = (
                ("purgee", "fautive", "masquee", "entrepreneur", "entrepreneur")[rang % 100] if rang % 100 < 5 else ""
            )
            if rang % 2 and not genre:
                genre = "entrepreneur"
            if genre == "purgee":
                unite["unitePurgeeUniteLegale"] = "true"
            elif genre == "fautive":
                unite["etatAdministratifUniteLegale"] = "?"
            elif genre == "masquee":
                unite |= {"statutDiffusionUniteLegale": "P", "denominationUniteLegale": "[ND]"}
            elif genre == "entrepreneur":
                unite |= {
                    "denominationUniteLegale": "",
                    "categorieJuridiqueUniteLegale": "1000",
                    "nomUniteLegale": f"DURAND {rang}",
                    "prenom1UniteLegale": "ANNE",
                }
            compte[genre or "societe"] += 1
            ecrire_u.writerow(unite)
            ecrire_s.writerow(
                {
                    "siren": numero,
                    "siret": numero + _nic(numero),
                    "statutDiffusionEtablissement": "O",
                    "etablissementSiege": "true",
                    "numeroVoieEtablissement": rang % 200,
                    "typeVoieEtablissement": "RUE",
                    "libelleVoieEtablissement": "DE LA PAIX",
                    "codePostalEtablissement": "75002",
                    "libelleCommuneEtablissement": "PARIS",
                    "codeCommuneEtablissement": "75102",
                }
            )
    return unites, sieges, compte


def _nic(numero: str) -> str:
    return "0001" + luhn.calc_check_digit(numero + "0001")


def importer(unites: Path, sieges: Path) -> tuple[BilanImport, float, int]:
    """Return what the import counted, how long it took and by how many kB the process grew at most."""
    avant = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    debut = time.perf_counter()
    bilan = importer_personnes(
        acteur="systeme:essai", unites=unites, etablissements=sieges, sur_rejet=lambda rejet: None
    )
    duree = time.perf_counter() - debut
    return bilan, duree, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - avant


def test_un_million_de_lignes(tmp_path: Path) -> None:
    charger_services_gestionnaires()
    unites, sieges, compte = fichiers(tmp_path, LIGNES)
    lues = LIGNES - compte["purgee"] - compte["fautive"]
    bilan, duree, pic = importer(unites, sieges)
    print(f"\n{LIGNES} lines of each file: {duree:.0f} s, +{pic / 1024:.1f} MB; {bilan}")
    assert (bilan.creees, bilan.purgees, bilan.rejetees) == (lues, compte["purgee"], compte["fautive"])
    assert PersonneSirenisee.objects.count() == lues
    assert RepresentantLegal.objects.count() == compte["entrepreneur"]
    assert pic < PLAFOND
    encore, duree, pic = importer(unites, sieges)
    print(f"again: {duree:.0f} s, +{pic / 1024:.1f} MB; {encore}")
    assert (encore.creees, encore.modifiees, encore.inchangees) == (0, 0, lues)
    unites, sieges, compte = fichiers(tmp_path, LIGNES, closes=LIGNES // 10)
    cessees, duree, pic = importer(unites, sieges)
    print(f"a tenth closed: {duree:.0f} s, +{pic / 1024:.1f} MB; {cessees}")
    assert cessees.cessations == cessees.modifiees == EvenementRegistre.objects.filter(genre="CESSATION").count()
    assert pic < PLAFOND
