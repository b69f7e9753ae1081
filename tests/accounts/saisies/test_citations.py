"""What a person writes and another reads: one line, quoted, without links (issue 11 item 11)."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.envois import courriels
from accounts.models import Courriel
from accounts.saisies.citations import citer, contexte_sans_lien, sans_lien, une_ligne
from tests.factories import EspaceFactory

LIENS = [
    ("Voir http://evil.example/x", "Voir evil. example/x"),
    ("https://impots.gouv.fr.evil.example", "impots. gouv. fr. evil. example"),
    ("www.evil.example", "www. evil. example"),
    ("evil.example", "evil. example"),
    ("écrivez à jeanne@evil.example", "écrivez à jeanne @ evil. example"),
    ("mailto:jeanne@evil.example", "jeanne @ evil. example"),
    ("tel:0123456789", "0123456789"),
    ("javascript:alert(1)", "alert(1)"),
    ("hthttp://tp://evil.example", "evil. example"),
    ("//evil.example", "/ /evil. example"),
    ("evil\u3002example", "evil. example"),
    ("ligne\n\nhttp://evil.example\n\nsuite", "ligne evil. example suite"),
    ("a\u202eb\u200bc\x00", "abc"),
]
INTACTS = [
    "Le 12.03.2027 à 14 h",
    "1.500,00 €",
    "M. Dupont",
    "D-2026-7KQ4M2XA",
    "Ce n’est pas nous.",
    "a/b",
    "C’est 12:30",
]


@pytest.mark.parametrize(("texte", "rendu"), LIENS)
def test_rien_n_est_un_lien(texte: str, rendu: str) -> None:
    assert sans_lien(texte) == rendu


@pytest.mark.parametrize("texte", INTACTS)
def test_un_texte_ordinaire_reste(texte: str) -> None:
    assert sans_lien(texte) == texte


def test_citer() -> None:
    assert citer("Inconnue.\nVoir evil.example") == "«\u00a0Inconnue. Voir evil. example\u00a0»"


@given(st.text(max_size=200))
def test_une_seule_ligne_et_rien_a_reprendre(texte: str) -> None:
    rendu = sans_lien(texte)
    assert rendu == une_ligne(rendu)
    assert len(rendu.splitlines()) <= 1
    assert "://" not in rendu
    assert not re.search(r"\w\.[^\W\d_]", rendu)


def test_les_adresses_de_la_maison_restent() -> None:
    contexte = {"nouvelle": "a@b.fr", "motif": "a@b.fr", "lignes": ["x.fr", {"nouvelle": "c@d.fr"}], "n": 3}
    assert contexte_sans_lien(contexte, sauf={"nouvelle"}) == {
        "nouvelle": "a@b.fr",
        "motif": "a @ b. fr",
        "lignes": ["x. fr", {"nouvelle": "c@d.fr"}],
        "n": 3,
    }


MOTIF = "Voir\n\nhttps://evil.example/rembourse\n\nvite"
TEXTES = {
    "demande_refusee": {
        "reference": "D-1",
        "nature": "adhésion",
        "denomination": MOTIF,
        "motif": MOTIF,
        "creation": False,
    },
    "retrait_refuse": {"par": MOTIF, "lignes": [MOTIF], "reponse": MOTIF},
    "retrait_demande_gestionnaire": {"demandeur": MOTIF, "lignes": [MOTIF], "motif": MOTIF},
    "rectification_gestionnaire": {
        "nom": MOTIF,
        "numero": "1",
        "objet": MOTIF,
        "texte": MOTIF,
    },
    "rattachement_gestionnaire": {
        "denomination": MOTIF,
        "siren": "552 032 534",
        "ancien": MOTIF,
        "nouveau": MOTIF,
        "telephone": "01 44 00 00 00",
        "motif": MOTIF,
    },
    "rectification_reponse": {
        "nom": MOTIF,
        "objet": MOTIF,
        "etat": "refusée",
        "reponse": MOTIF,
        "gestionnaire": MOTIF,
        "telephone": "01 44 00 00 00",
    },
    "rectification_accuse": {"nom": MOTIF, "objet": MOTIF, "gestionnaire": MOTIF, "texte": MOTIF},
}


@pytest.mark.django_db
@pytest.mark.parametrize("genre", TEXTES)
def test_aucun_courriel_ne_porte_le_lien_d_autrui(genre: str) -> None:
    """A lone address in its own paragraph became a button."""
    message = courriels.composer(
        Courriel(genre=genre, destinataire="a@exemple.fr", acte="essai", espace=EspaceFactory(), contexte=TEXTES[genre])
    )
    html = str(message.alternatives[0][0])
    for rendu in (message.body, html, message.subject):
        assert "evil.example" not in rendu
    assert "evil" not in "".join(re.findall(r'href="([^"]*)"', html))
    if "motif" in TEXTES[genre] or "texte" in TEXTES[genre]:
        assert "« Voir evil. example/rembourse vite »" in message.body
