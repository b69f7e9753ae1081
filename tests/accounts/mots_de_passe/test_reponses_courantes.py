"""The expectable long answers: how the list is written, and what it refuses (references.md B.6.4)."""

import pytest

from accounts.mots_de_passe.confiance import LONGUEUR_MINIMALE, proposer_reponse
from accounts.mots_de_passe.reponses_courantes import FICHIER, est_courante
from accounts.saisies.reponses import normaliser_reponse

LIGNES = FICHIER.read_text(encoding="utf-8").splitlines()


def test_la_liste_est_normalisee_triee_sans_doublon() -> None:
    assert len(LIGNES) >= 300
    assert sorted(set(LIGNES)) == LIGNES
    assert [ligne for ligne in LIGNES if normaliser_reponse(ligne) != ligne] == []
    assert [ligne for ligne in LIGNES if len(ligne) < LONGUEUR_MINIMALE] == [], "refused already, being short"


@pytest.mark.parametrize(
    "saisie",
    [
        "Longtemps, je me suis couché de bonne heure.",
        "LES MISÉRABLES",
        "Le Petit Prince 1943",
        "Notre Père, qui es aux cieux",
        "« Demain, dès l'aube, à l'heure où blanchit la campagne »",
        "Pierre qui roule n'amasse pas mousse !",
        "Fahrenheit 451",
        "Au clair de la lune, mon ami Pierrot",
        "Non, je ne regrette rien",
        "Paris, Londres, New York",
    ],
)
def test_ce_que_beaucoup_diraient(saisie: str) -> None:
    assert est_courante(normaliser_reponse(saisie))


@pytest.mark.parametrize("saisie", ["", "1943", "le vélo jaune de tante Odile en panne à Guéret", "prince petit le"])
def test_ce_que_personne_ne_dirait(saisie: str) -> None:
    assert not est_courante(normaliser_reponse(saisie))


def test_la_reponse_proposee_n_est_pas_courante() -> None:
    assert not any(est_courante(normaliser_reponse(proposer_reponse()[1])) for _ in range(20))
