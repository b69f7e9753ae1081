"""A file is encrypted for its row alone, segment by segment, and nothing of it can be moved, cut or changed."""

import io
import os
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.messagerie.pieces.chiffrement import SCEAU, SEGMENT, PieceIllisible, chiffrer, dechiffrer, nouvelle_cle

CLE = nouvelle_cle()
TAILLES = (1, SEGMENT - 1, SEGMENT, SEGMENT + 1, 3 * SEGMENT)


def sceller(clair: bytes, *, cle: bytes = CLE, ligne: str = "a") -> bytes:
    return b"".join(chiffrer([clair], cle=cle, ligne=ligne))


def ouvrir(scelle: bytes, *, cle: bytes = CLE, ligne: str = "a") -> bytes:
    return b"".join(dechiffrer(io.BytesIO(scelle), cle=cle, ligne=ligne))


@pytest.mark.parametrize("taille", TAILLES)
def test_aller_et_retour(taille: int) -> None:
    clair = os.urandom(taille)
    scelle = sceller(clair)
    assert ouvrir(scelle) == clair
    assert clair[:8] not in scelle or taille < 8
    assert len(scelle) == taille + SCEAU * -(-taille // SEGMENT)


@given(st.lists(st.binary(max_size=200_000), max_size=4))
def test_les_morceaux_recus_ne_changent_rien(morceaux: list[bytes]) -> None:
    clair = b"".join(morceaux)
    assert b"".join(chiffrer(morceaux, cle=CLE, ligne="a")) == sceller(clair)
    assert ouvrir(sceller(clair)) == clair


@pytest.mark.parametrize("taille", TAILLES)
def test_rien_ne_s_ouvre_d_une_autre_ligne_ni_d_une_autre_cle(taille: int) -> None:
    scelle = sceller(os.urandom(taille))
    for autre in ({"ligne": "b"}, {"cle": nouvelle_cle()}):
        with pytest.raises(PieceIllisible):
            ouvrir(scelle, **autre)


def test_un_fichier_coupe_deplace_ou_change_ne_s_ouvre_pas() -> None:
    scelle = sceller(os.urandom(3 * SEGMENT))
    pas = SEGMENT + SCEAU
    un, deux, trois = (scelle[rang * pas : (rang + 1) * pas] for rang in range(3))
    for faux in (
        b"",
        un,
        un + deux,
        un + trois,
        deux + un + trois,
        un + un + deux + trois,
        scelle + trois,
        scelle[:-1],
    ):
        with pytest.raises(PieceIllisible):
            ouvrir(faux)
    for place in (0, pas, len(scelle) - 1):
        with pytest.raises(PieceIllisible):
            ouvrir(scelle[:place] + bytes([scelle[place] ^ 1]) + scelle[place + 1 :])


def test_rien_n_est_servi_avant_d_etre_prouve() -> None:
    scelle = bytearray(sceller(b"a" * SEGMENT + b"b"))
    scelle[SEGMENT + SCEAU] ^= 1
    morceaux = dechiffrer(io.BytesIO(bytes(scelle)), cle=CLE, ligne="a")
    assert next(morceaux) == b"a" * SEGMENT
    with pytest.raises(PieceIllisible):
        next(morceaux)


def test_la_memoire_ne_suit_pas_la_taille() -> None:
    """Ten megabytes go through in a few segments' worth of memory, both ways."""

    class Puits(io.RawIOBase):
        def __init__(self) -> None:
            self.morceaux = chiffrer((b"x" * SEGMENT for _ in range(160)), cle=CLE, ligne="a")
            self.reste = b""

        def read(self, taille: int = -1) -> bytes:
            while len(self.reste) < taille and (morceau := next(self.morceaux, b"")):
                self.reste += morceau
            lu, self.reste = self.reste[:taille], self.reste[taille:]
            return lu

    tracemalloc.start()
    try:
        total = sum(len(morceau) for morceau in dechiffrer(Puits(), cle=CLE, ligne="a"))  # type: ignore[arg-type]
        _, pointe = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert total == 160 * SEGMENT
    assert pointe < 20 * SEGMENT
