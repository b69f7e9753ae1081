"""Cells as spreadsheets and hands leave them, `cas/cellules.toml`: what each says, or the rule that refuses it."""

import tomllib
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from accounts.saisies.identifiants import numero_de_cellule, siren_de_cellule
from accounts.saisies.regles import RegleMetier
from accounts.saisies.repliement import replier
from habilitations.partage.fichier import ACTES, ROLES
from habilitations.tableurs.cellules import lire_jour

CAS = tomllib.loads((Path(__file__).parent / "cas" / "cellules.toml").read_text())


def lu(lire: Callable[[str], object], cellule: str) -> object:
    try:
        return lire(cellule)
    except RegleMetier as regle:
        return type(regle).__name__


@pytest.mark.parametrize(("cellule", "attendu"), CAS["jour"].items())
def test_un_jour(cellule: str, attendu: date | str) -> None:
    assert lu(lire_jour, cellule) == attendu


@pytest.mark.parametrize(("cellule", "attendu"), CAS["siren"].items())
def test_un_siren(cellule: str, attendu: str) -> None:
    assert lu(lambda texte: siren_de_cellule(texte).valeur, cellule) == attendu


@pytest.mark.parametrize(("cellule", "attendu"), CAS["numero"].items())
def test_un_numero_d_abonne(cellule: str, attendu: str) -> None:
    assert lu(lambda texte: numero_de_cellule(texte).valeur, cellule) == attendu


@pytest.mark.parametrize(("cellule", "attendu"), CAS["role"].items())
def test_un_role(cellule: str, attendu: str) -> None:
    role = ROLES.get(replier(cellule))
    assert (role.value.lower() if role else "") == attendu


@pytest.mark.parametrize(("cellule", "attendu"), CAS["acte"].items())
def test_un_acte(cellule: str, attendu: str) -> None:
    assert ACTES.get(replier(cellule), "") == attendu


def test_des_zeros_en_trop_se_disent_et_ne_font_pas_un_autre_siren() -> None:
    """« 0552032534 » is not the SIRET 00005520325340, whose key happens to be right too."""
    assert siren_de_cellule("0552032534").reparation == "zéros en trop retirés devant le SIREN"
