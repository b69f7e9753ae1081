"""INSEE's catégories juridiques and the four kinds of personne."""

import pytest

from services.categories_juridiques import categorie_de
from services.models import Categorie


@pytest.mark.parametrize(
    ("code", "categorie"),
    [
        ("1000", Categorie.ENTREPRISE),
        ("2110", Categorie.ENTREPRISE),
        ("3120", Categorie.ENTREPRISE),
        ("5599", Categorie.ENTREPRISE),
        ("6540", Categorie.ENTREPRISE),
        ("9220", Categorie.ASSOCIATION),
        ("9260", Categorie.ASSOCIATION),
        ("9300", Categorie.ASSOCIATION),
        ("9110", Categorie.ASSOCIATION),
        ("8420", Categorie.ASSOCIATION),
        ("7210", Categorie.COLLECTIVITE),
        ("7220", Categorie.COLLECTIVITE),
        ("7230", Categorie.COLLECTIVITE),
        ("7344", Categorie.COLLECTIVITE),
        ("7346", Categorie.COLLECTIVITE),
        ("7353", Categorie.COLLECTIVITE),
        ("7312", Categorie.COLLECTIVITE),
        ("7331", Categorie.ETABLISSEMENT_PUBLIC),  # collège, lycée
        ("7361", Categorie.ETABLISSEMENT_PUBLIC),  # centre communal d'action sociale
        ("7364", Categorie.ETABLISSEMENT_PUBLIC),  # hôpital
        ("7120", Categorie.ETABLISSEMENT_PUBLIC),
        ("7410", Categorie.ETABLISSEMENT_PUBLIC),
        ("4110", Categorie.ETABLISSEMENT_PUBLIC),
    ],
)
def test_categorie(code, categorie):
    assert categorie_de(code) == categorie


def test_tout_code_de_quatre_chiffres_a_une_categorie():
    assert {categorie_de(f"{code:04d}") for code in range(10_000)} == set(Categorie)
