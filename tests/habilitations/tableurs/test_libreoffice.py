"""Every export, opened and saved by LibreOffice in French, is read again as it left. Needs LibreOffice: it fails without."""

import csv
import io
from pathlib import Path

import pytest

from accounts.saisies.identifiants import IdentifiantPerdu
from habilitations.lectures.export import exporter, modele
from habilitations.models import Habilitation
from habilitations.partage.en_masse import examiner_fichier
from habilitations.partage.fichier import lire
from habilitations.tableurs.ecriture import ecrire_xlsx, en_csv, en_xlsx
from habilitations.tableurs.lecture import Colonne, lire_tableau
from habilitations.views.exports import EXISTANT

from .exemples import LISTE, etablir
from .libreoffice import ouvrir_et_enregistrer

pytestmark = [pytest.mark.long, pytest.mark.django_db]
FORMATS = ("csv", "xlsx")
JOURNAL = {nom: Colonne(nom, (nom,), obligatoire=True) for nom in ("Quand", "Quoi", "SIREN", "Par")}


@pytest.mark.parametrize("vers", FORMATS)
@pytest.mark.parametrize("format_", FORMATS)
def test_la_liste_ouverte_et_enregistree_ne_change_rien(format_: str, vers: str, tmp_path: Path) -> None:
    titulaire, _ = etablir()
    contenu = b"".join(exporter(acteur=titulaire, liste=EXISTANT, format_=format_))
    rendu = ouvrir_et_enregistrer(contenu, tmp_path, nom=f"partage.{format_}", vers=vers)
    rapport = examiner_fichier(acteur=titulaire, contenu=rendu)
    assert [ligne.fautes for ligne in rapport.lignes] == [[]] * len(LISTE)
    assert len(rapport.inchangees) == len(LISTE)
    # A second time, now that a workbook saved as CSV has no apostrophe left: what can be proved is read.
    rendu = ouvrir_et_enregistrer(rendu, tmp_path, nom=f"encore.{vers}", vers="csv")
    rapport = examiner_fichier(acteur=titulaire, contenu=rendu)
    perdus = [ligne for ligne in rapport.lignes if ligne.fautes]
    if (format_, vers) == ("xlsx", "csv"):
        assert [(ligne.siren, ligne.fautes) for ligne in perdus] == [
            ("1,79769313486232E+308", [f"SIREN : {IdentifiantPerdu()}"])
        ], "the IDSP 12345E678, for a spreadsheet, is a number too great to be written"
    else:
        assert perdus == []
    assert len(rapport.inchangees) == len(LISTE) - len(perdus)
    assert Habilitation.objects.vivantes().count() == 2 * len(LISTE)


@pytest.mark.parametrize("format_", FORMATS)
def test_le_journal_garde_ses_identifiants(format_: str, tmp_path: Path) -> None:
    rangees = [("31/12/2026 10:20", "Délégation accordée", siren, "Jeanne Martin") for siren, *_ in LISTE]
    contenu = en_csv(tuple(JOURNAL), rangees) if format_ == "csv" else en_xlsx("Journal", tuple(JOURNAL), rangees)
    rendu = ouvrir_et_enregistrer(contenu, tmp_path, nom=f"journal.{format_}")
    lues = lire_tableau(rendu, JOURNAL)
    assert [rangee.cellules["SIREN"].removeprefix("'") for rangee in lues] == [siren for siren, *_ in LISTE]


@pytest.mark.parametrize("vers", FORMATS)
def test_le_modele_se_remplit(vers: str, tmp_path: Path) -> None:
    tampon = io.BytesIO()
    ecrire_xlsx(tampon, *modele())
    assert lire(ouvrir_et_enregistrer(tampon.getvalue(), tmp_path, nom="modele.xlsx", vers=vers)) == []


def test_des_chiffres_nus_sont_bien_ce_que_le_tableur_abime(tmp_path: Path) -> None:
    """Why the apostrophe is there: seen, not believed."""
    lignes = '"siren";"idsp"\r\n"005410220";"12345E678"\r\n"005 410 220";"x"\r\n"\'005410220";"\'12345E678"\r\n'
    rendu = ouvrir_et_enregistrer(lignes.encode("utf-8-sig"), tmp_path, nom="nus.csv").decode("utf-8-sig")
    assert list(csv.reader(io.StringIO(rendu), delimiter=";"))[1:] == [
        ["5410220", "1,79769313486232E+308"],
        ["5410220", "x"],
        ["'005410220", "'12345E678"],
    ]
