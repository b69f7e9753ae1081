"""What a spreadsheet has made of an identifier is read when its key proves it; else the message says what happened."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import luhn

from accounts.saisies.identifiants import (
    CelluleEnErreur,
    IdentifiantPerdu,
    NumeroIllisible,
    compacter,
    numero_de_cellule,
    pour_chercher,
    siren_de_cellule,
)
from accounts.saisies.numeros import numero_valide
from accounts.saisies.regles import RegleMetier
from accounts.saisies.sirens import SirenCaracteres, SirenCleFausse, SirenTropCourt, SirenTropLong
from habilitations.tableurs.ecriture import neutraliser

NUMERO = "20263271234569"


def test_le_numero_de_l_exemple_est_juste() -> None:
    assert numero_valide(NUMERO)


@pytest.mark.parametrize(
    ("cellule", "siren"),
    [
        ("552032534", "552032534"),
        ("5410220", "005410220"),
        ("005410220", "005410220"),
        ("'005410220", "005410220"),
        ('="552032534"', "552032534"),
        ('= "005410220"', "005410220"),
        ('="5410220"', "005410220"),
        ("'552032534", "552032534"),
        ("552032534,00", "552032534"),
        ("552032534.0", "552032534"),
        ("5410220,00", "005410220"),
        ("5,52032534E+08", "552032534"),
        ("5.52032534E+8", "552032534"),
        ("5,52032534E8", "552032534"),
        ("5,41022E+06", None),
        ("5 410 220", "005410220"),
        ("5\u202f410\u202f220", "005410220"),
        ("552 032 534 00018", "552032534"),
        ("541022000015", "005410220"),
        ("55203253400018,0", "552032534"),
        ("5,5203253400018E+13", "552032534"),
        ("５５２０３２５３４", "552032534"),
        ("552\u2011032\u2011534", "552032534"),
        ("\u200b552032534\ufeff", "552032534"),
        ("12345E678", "12345E678"),
        ("'12345E678", "12345E678"),
        ("ab 12.345x7", "AB12345X7"),
    ],
)
def test_un_siren_de_tableur(cellule: str, siren: str | None) -> None:
    if siren is None:  # its last digit, a zero, is not written: nothing proves it
        with pytest.raises(IdentifiantPerdu):
            siren_de_cellule(cellule)
    else:
        assert siren_de_cellule(cellule).valeur == siren


def test_ce_qui_a_ete_repare_est_dit() -> None:
    assert siren_de_cellule("5410220").reparation == "zéros rétablis devant le SIREN"
    assert siren_de_cellule("541022000015").reparation == "zéros rétablis devant le SIRET"
    assert siren_de_cellule("'005410220").reparation == ""


@pytest.mark.parametrize(
    ("cellule", "regle"),
    [
        ("5410221", SirenTropCourt),  # the key does not prove the zeros
        ("1230", SirenTropCourt),  # no SIREN has so many zeros in front
        ("552032535", SirenCleFausse),
        ("5520325340", SirenTropLong),
        ("5,52E+08", IdentifiantPerdu),
        ("1,79769313486232E+308", IdentifiantPerdu),
        ("########", CelluleEnErreur),
        ("#NOM?", CelluleEnErreur),
        ("#N/A", CelluleEnErreur),
        ("SIREN 552032534 !", SirenCaracteres),
    ],
)
def test_un_siren_que_rien_ne_prouve(cellule: str, regle: type[RegleMetier]) -> None:
    with pytest.raises(regle):
        siren_de_cellule(cellule)


@pytest.mark.parametrize(
    "cellule",
    [
        NUMERO,
        f"'{NUMERO}",
        f'="{NUMERO}"',
        f"{NUMERO},00",
        f"{NUMERO}.0",
        "2,0263271234569E+13",
        "2.0263271234569E+13",
        "2026 327 123 456 9",
        "2026\u00a0327\u00a0123\u00a0456\u00a09",
        "2026-327-123-456-9",
        "2026\u2011327\u2011123\u2011456\u20119",
        "２０２６３２７１２３４５６９",
    ],
)
def test_un_numero_de_tableur(cellule: str) -> None:
    assert numero_de_cellule(cellule).valeur == NUMERO


@pytest.mark.parametrize(
    ("cellule", "regle", "conseil"),
    [
        ("2,02633E+13", IdentifiantPerdu, "XLSX"),
        ("2.02633E+13", IdentifiantPerdu, "tableur"),
        ("2E+13", IdentifiantPerdu, "format Texte"),
        ("2,026327123456E+13", IdentifiantPerdu, "XLSX"),
        ("##########", CelluleEnErreur, "Élargissez"),
        ("20263271234567", NumeroIllisible, "14 chiffres"),
        ("2026327123456", NumeroIllisible, "14 chiffres"),
        ("٢٠٢٦٣٢٧١٢٣٤٥٦٨", NumeroIllisible, "14 chiffres"),
    ],
)
def test_un_numero_perdu_dit_pourquoi(cellule: str, regle: type[RegleMetier], conseil: str) -> None:
    with pytest.raises(regle, match=conseil):
        numero_de_cellule(cellule)


@given(st.integers(min_value=10_000, max_value=99_999_999))
def test_tout_siren_survit_a_la_perte_de_ses_zeros(corps: int) -> None:
    siren = f"{corps:08d}" + luhn.calc_check_digit(f"{corps:08d}")
    assert siren_de_cellule(siren.lstrip("0")).valeur == siren
    assert siren_de_cellule(neutraliser(siren)).valeur == siren


@given(st.integers(min_value=10**7, max_value=10**8 - 1), st.integers(0, 8), st.integers(1, 9))
def test_un_chiffre_faux_n_est_jamais_repare(corps: int, place: int, ecart: int) -> None:
    chiffres = list(str(corps) + luhn.calc_check_digit(str(corps)))
    chiffres[place] = str((int(chiffres[place]) + ecart) % 10)
    with pytest.raises(RegleMetier):
        siren_de_cellule("".join(chiffres))


@given(st.text(max_size=40))
def test_une_cellule_quelconque_donne_un_identifiant_ou_une_regle(cellule: str) -> None:
    for lire in (siren_de_cellule, numero_de_cellule):
        try:
            lue = lire(cellule).valeur
        except RegleMetier:
            continue
        assert lue.isascii()
        assert len(lue) in (9, 14)


@pytest.mark.parametrize(
    ("saisie", "cherche"),
    [
        ("552 032 534", "552032534"),
        ("552\u202f032\u202f534", "552032534"),
        ("552 032 534 00018", "552032534"),
        ("552-032", "552032"),
        ("ab12345x7", "AB12345X7"),
        ("", ""),
        ("\u200b", ""),
        ("Société", "SOCIÉTÉ"),
    ],
)
def test_ce_qu_une_recherche_compare(saisie: str, cherche: str) -> None:
    assert pour_chercher(saisie) == cherche


def test_compacter() -> None:
    assert compacter(" 2026 327-123\u2011456.9 ") == NUMERO
