"""What the portal exports it reads again: unchanged, as LibreOffice in French saved it, edited by hand."""

import csv
import io
from collections.abc import Callable

import pytest
from openpyxl import load_workbook

from accounts.models import Evenement
from habilitations import actes
from habilitations.lectures.export import COLONNES, Liste, exporter
from habilitations.lectures.partage import Filtres
from habilitations.models import Habilitation, Role
from habilitations.partage.en_masse import appliquer_fichier, examiner_fichier
from habilitations.tableurs.ecriture import en_csv, en_xlsx
from habilitations.views.exports import EXISTANT
from tests.factories import EspaceFactory, accorder, habiliter

from .exemples import FICHIERS, FIN, LISTE, etablir

pytestmark = pytest.mark.django_db
ECRIRE: dict[str, Callable[[list[list[str]]], bytes]] = {
    "csv": lambda rangees: en_csv(rangees[0], rangees[1:]),
    "xlsx": lambda rangees: en_xlsx("Habilitations", rangees[0], rangees[1:]),
}


def rangees_de(contenu: bytes) -> list[list[str]]:
    """Return the rows of an exported workbook, to be edited."""
    feuille = load_workbook(io.BytesIO(contenu)).active
    return [[cellule or "" for cellule in rangee] for rangee in feuille.iter_rows(values_only=True)]


@pytest.mark.parametrize("format_", ["csv", "xlsx"])
def test_la_liste_exportee_telle_quelle_ne_change_rien(format_: str) -> None:
    titulaire, accordees = etablir()
    rapport = examiner_fichier(
        acteur=titulaire, contenu=b"".join(exporter(acteur=titulaire, liste=EXISTANT, format_=format_))
    )
    assert [ligne.fautes for ligne in rapport.lignes] == [[]] * len(LISTE)
    assert {ligne.existante for ligne in rapport.inchangees} == set(accordees)
    assert not rapport.possible
    assert rapport.operations() == []


@pytest.mark.parametrize("fichier", sorted(FICHIERS.iterdir()), ids=lambda chemin: chemin.name)
def test_ouverte_et_enregistree_par_libreoffice_elle_ne_change_rien(fichier: object) -> None:
    titulaire, accordees = etablir()
    rapport = examiner_fichier(acteur=titulaire, contenu=fichier.read_bytes())  # type: ignore[attr-defined]
    assert [ligne.fautes for ligne in rapport.lignes] == [[]] * len(LISTE)
    assert {ligne.existante for ligne in rapport.inchangees} == set(accordees)


@pytest.mark.parametrize("format_", ["csv", "xlsx"])
def test_la_liste_recue_telle_quelle_ne_change_rien(format_: str) -> None:
    """One's own rights, en veille and past their day included."""
    titulaire, moi = EspaceFactory(), EspaceFactory()
    accorder(habiliter(titulaire), moi, Role.ACTEUR, expire_le=FIN.replace(year=2020))
    suppleance = accorder(habiliter(titulaire), moi, Role.SUPPLEANT)
    suppleance.etat, suppleance.veille_motif = Habilitation.Etat.EN_VEILLE, Habilitation.MotifVeille.TITULAIRE
    suppleance.veille_depuis = suppleance.accordee_le
    suppleance.save()
    recues = Liste("recues", tuple(Role.values), recues=True, filtres=Filtres())
    rapport = examiner_fichier(acteur=moi, contenu=b"".join(exporter(acteur=moi, liste=recues, format_=format_)))
    assert [ligne.fautes for ligne in rapport.lignes] == [[], []]
    assert len(rapport.inchangees) == 2
    assert not Evenement.objects.filter(acte=actes.BENEFICIAIRE_INTROUVABLE.code).exists()


@pytest.mark.parametrize("format_", ["csv", "xlsx"])
def test_partir_de_l_existant_dans_les_deux_sens(format_: str) -> None:
    """One file withdraws, changes an end, replaces a role, grants to somebody new, and leaves the rest."""
    titulaire, _ = etablir()
    nouvelle = EspaceFactory(nom="Petit", prenom="Anne")
    rangees = rangees_de(b"".join(exporter(acteur=titulaire, liste=EXISTANT, format_="xlsx")))
    par_siren = {rangee[0]: rangee for rangee in rangees[1:]}
    place = {nom: rang for rang, nom in enumerate(COLONNES)}
    par_siren["552032534"][place["Acte"]] = "Retirer"
    par_siren["005410220"][place["Acte"]] = "CHANGER LA FIN"
    par_siren["005410220"][place["Dernier jour"]] = "30/06/31"
    par_siren["000325175"][place["Acte"]] = "retirer"
    rangees.append([*par_siren["000325175"]])
    rangees[-1][place["Acte"]], rangees[-1][place["Rôle"]] = "Accorder", "Administrateur suppléant"
    rangees.append([*par_siren["356000000"]])
    rangees[-1][place["Numéro d’abonné"]] = nouvelle.numero_lisible
    rangees[-1][place["Nom"]], rangees[-1][place["Prénom"]] = "PETIT", "anne"
    rapport = examiner_fichier(acteur=titulaire, contenu=ECRIRE[format_](rangees))
    assert [ligne.fautes for ligne in rapport.lignes if ligne.fautes] == []
    assert [(c.acte.value, c.droits, c.sirens, c.personnes) for c in rapport.comptes] == [
        ("accorder", 2, 2, 2),
        ("retirer", 2, 2, 2),
        ("changer la fin", 1, 1, 1),
    ]
    assert len(rapport.inchangees) == 2
    appliquer_fichier(acteur=titulaire, operations=rapport.operations())
    tenues = {
        (h.personne.siren, h.espace.numero_abonne): (h.role, h.expire_le)
        for h in Habilitation.objects.vivantes().exclude(role=Role.TITULAIRE)
    }
    assert tenues == {
        ("005410220", LISTE[0][2]): (Role.ACTEUR, FIN.replace(month=6, day=30)),
        ("000325175", LISTE[1][2]): (Role.SUPPLEANT, None),
        ("12345E678", LISTE[2][2]): (Role.SUPPLEANT, None),
        ("356000000", LISTE[4][2]): (Role.ACTEUR, FIN),
        ("356000000", nouvelle.numero_abonne): (Role.ACTEUR, FIN),
    }


def test_le_csv_n_a_aucun_identifiant_nu() -> None:
    titulaire, _ = etablir()
    texte = b"".join(exporter(acteur=titulaire, liste=EXISTANT, format_="csv")).decode("utf-8-sig")
    for rangee in list(csv.reader(io.StringIO(texte, newline=""), delimiter=";"))[1:]:
        assert rangee[0].startswith("'")
        assert rangee[6].startswith("'")


def test_le_xlsx_n_a_que_du_texte_et_ce_qu_on_y_ajoute_en_est() -> None:
    titulaire, _ = etablir()
    feuille = load_workbook(io.BytesIO(b"".join(exporter(acteur=titulaire, liste=EXISTANT, format_="xlsx")))).active
    cellules = [cellule for rangee in feuille.iter_rows() for cellule in rangee if cellule.value is not None]
    assert {(cellule.data_type, cellule.number_format) for cellule in cellules} == {("s", "@")}
    assert feuille.column_dimensions["A"].number_format == "@"
    assert feuille.freeze_panes == "A2"
