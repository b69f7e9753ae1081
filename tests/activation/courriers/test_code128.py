"""The bars of a letter's number, and what a hand scanner types of them."""

import re

import pytest

from activation.courriers.code128 import _MOTIFS, dessiner, largeurs, lire_numero


def lire_barres(suite: list[int]) -> str:
    """Read the signs between start and check back from their bars."""
    return "".join(chr(_MOTIFS.index("".join(map(str, suite[i : i + 6]))) + 32) for i in range(6, len(suite) - 13, 6))


def test_une_lettre_se_lit() -> None:
    suite = largeurs("D-2026-7KQ4M2XA-1")
    assert lire_barres(suite) == "D-2026-7KQ4M2XA-1"
    assert sum(suite) == 11 * (1 + 17 + 1) + 13
    assert suite[:6] == [2, 1, 1, 2, 1, 4], "start B"
    assert suite[-7:] == [2, 3, 3, 1, 1, 1, 2], "stop"


def test_la_cle_est_celle_de_la_norme() -> None:
    # Worked by hand: 104 + 1×36 (D) + 2×13 (-) + 3×17 (1) = 217; 217 mod 103 = 11, whose bars are 2 3 1 2 1 2.
    assert largeurs("D-1")[-13:-7] == [2, 3, 1, 2, 1, 2]


def test_chaque_motif_a_onze_modules_et_un_nombre_pair_de_modules_noirs() -> None:
    vus = set()
    for signe in map(chr, range(32, 127)):
        motif = largeurs(signe)[6:12]
        assert sum(motif) == 11
        assert sum(motif[::2]) % 2 == 0
        vus.add(tuple(motif))
    assert len(vus) == 95


def test_le_dessin_garde_ses_marges() -> None:
    image = dessiner("D-1")
    largeur = int(re.search(r'width="(\d+)"', image)[1])  # type: ignore[index]
    debuts = [int(x) for x in re.findall(r"M(\d+) 0h", image)]
    assert debuts[0] == 10
    assert largeur == 10 + sum(largeurs("D-1")) + 10
    assert "style" not in image


@pytest.mark.parametrize("texte", ["", "é", "a\n", "\x7f"])
def test_hors_de_l_alphabet(texte: str) -> None:
    with pytest.raises(ValueError, match="ASCII"):
        largeurs(texte)


@pytest.mark.parametrize(
    ("saisie", "lu"),
    [
        ("D-2026-7KQ4M2XA-1", ("D-2026-7KQ4M2XA", 1)),
        (" d-2026-7kq4m2xa-3\r\n", ("D-2026-7KQ4M2XA", 3)),
        # A scanner set for an American keyboard, on a French one.
        ("D)éàé-)èKA'?éXQ)&", ("D-2026-7KQ4M2XA", 1)),
        ("D-2026-7KQ4M2XA", None),
        ("552032534", None),
        ("", None),
    ],
)
def test_ce_que_tape_le_lecteur(saisie: str, lu: tuple[str, int] | None) -> None:
    assert lire_numero(saisie) == lu
