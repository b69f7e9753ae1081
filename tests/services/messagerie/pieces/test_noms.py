"""Names of files: what deceives, what a system refuses, what is too long."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.messagerie.pieces.noms import LONGUEUR_DU_NOM, OCTETS_DU_NOM, extension_de, nettoyer_nom


@pytest.mark.parametrize(
    ("donne", "garde"),
    [
        ("Avis d'imposition 2026.pdf", "Avis d'imposition 2026.pdf"),
        ("fact\u202efdp.exe", "factfdp.exe"),  # right to left: it was shown as « factexe.pdf »
        ("a\u200b\u200eb\x07.pdf", "ab.pdf"),
        ("a\x00b\ud800.pdf", "ab.pdf"),
        ("C:\\Users\\moi\\avis.pdf", "avis.pdf"),
        ("../../etc/passwd", "passwd"),
        ("/etc/passwd", "passwd"),
        ("a\uff0fb.pdf", "b.pdf"),
        ('a<b>:"|?*.pdf', "a_b______.pdf"),
        ("CON.pdf", "_CON.pdf"),
        ("nul", "_nul"),
        ("IMG_0001.HEIC", "IMG_0001.heic"),
        ("Lpt1.tar.gz", "_Lpt1.tar.gz"),
        ("com¹.txt", "_com1.txt"),
        ("console.pdf", "console.pdf"),
        (".htaccess", "htaccess"),
        ("avis.pdf.  ", "avis.pdf"),
        ("avis .pdf", "avis.pdf"),
        ("a\r\nContent-Type: x.pdf", "a Content-Type_ x.pdf"),
        ("", "document"),
        ("...", "document"),
        ("\u202e", "document"),
        ("e\u0301te\u0301.pdf", "été.pdf"),
    ],
)
def test_les_noms_qui_trompent(donne: str, garde: str) -> None:
    assert nettoyer_nom(donne) == garde


def test_un_nom_trop_long_garde_sa_fin() -> None:
    assert nettoyer_nom("a" * 300 + ".pdf") == "a" * 116 + ".pdf"
    assert len(nettoyer_nom("é" * 300 + ".pdf")) == 102
    assert extension_de(nettoyer_nom("漢" * 300 + ".docx")) == "docx"


@given(st.text(max_size=400))
def test_un_nom_garde_est_sur_et_stable(nom: str) -> None:
    propre = nettoyer_nom(nom)
    assert 0 < len(propre) <= LONGUEUR_DU_NOM
    assert len(propre.encode()) <= OCTETS_DU_NOM + 1
    assert not set(propre) & set('<>:"/\\|?*')
    assert all(unicodedata.category(signe) not in {"Cc", "Cf", "Cs"} for signe in propre)
    assert propre[0] not in " ."
    assert propre[-1] not in " ."
    assert nettoyer_nom(propre) == propre
