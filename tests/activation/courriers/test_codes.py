"""R9: the code itself. Derived, checked, never stored."""

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activation.courriers.codes import ALPHABET, CodeMalSaisi, deriver_code, empreinte_code, normaliser_code, presenter

cles = st.uuids()


@given(cles, st.integers(1, 3))
def test_derive_toujours_le_meme(cle: uuid.UUID, numero: int) -> None:
    code = deriver_code(demande=cle, numero=numero)
    assert code == deriver_code(demande=str(cle), numero=numero)
    assert len(code) == 12
    assert set(code) <= set(ALPHABET)
    assert normaliser_code(presenter(code).lower().replace("-", " - ")) == code


@given(cles, st.integers(0, 11), st.sampled_from(ALPHABET))
def test_une_faute_de_frappe_est_vue(cle: uuid.UUID, rang: int, autre: str) -> None:
    code = deriver_code(demande=cle, numero=1)
    if code[rang] != autre:
        with pytest.raises(CodeMalSaisi):
            normaliser_code(code[:rang] + autre + code[rang + 1 :])


@given(cles, st.integers(0, 9))
def test_deux_voisins_echanges_sont_vus(cle: uuid.UUID, rang: int) -> None:
    code = deriver_code(demande=cle, numero=1)
    if code[rang] != code[rang + 1]:
        with pytest.raises(CodeMalSaisi):
            normaliser_code(code[:rang] + code[rang + 1] + code[rang] + code[rang + 2 :])


@given(st.text(max_size=200))
def test_toute_saisie_est_lue_ou_refusee(saisie: str) -> None:
    try:
        assert len(normaliser_code(saisie)) == 12
    except CodeMalSaisi:
        pass


def test_un_autre_courrier_a_un_autre_code(settings) -> None:
    cle = uuid.uuid4()
    codes = {deriver_code(demande=cle, numero=n) for n in (1, 2, 3)}
    assert len(codes) == 3
    avant = deriver_code(demande=cle, numero=1), empreinte_code("A" * 12)
    settings.CLE_CODES = "une autre clé, elle aussi bien assez longue"
    assert (deriver_code(demande=cle, numero=1), empreinte_code("A" * 12)) != avant
