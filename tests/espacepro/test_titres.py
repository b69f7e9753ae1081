"""A page about one company says its name in its heading and in its title; an exception says why."""

import re
from pathlib import Path

import pytest

from tests.scenes import RACINE

GABARITS = RACINE / "templates"
BOUCLE = re.compile(r"\{% for .*?\{% endfor %\}", re.DOTALL)
H1 = re.compile(r"<h1.*?</h1>", re.DOTALL)
TITRE = re.compile(r"\{% block titre %\}.*?\{% endblock")
SANS_NOM: dict[str, str] = {
    "espacepro/espace.html": "the home page: the name is that of whoever is signed in",
    "activation/signaler.html": "the public learns no name from a reference",
}


def pages() -> list[Path]:
    return [p for p in sorted(GABARITS.rglob("*.html")) if "{% extends" in p.read_text() and "gestion" not in p.parts]


def hors_boucle(texte: str) -> str:
    """Return the template without what is repeated: there, several companies."""
    while BOUCLE.search(texte):
        texte = BOUCLE.sub("", texte)
    return texte


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(GABARITS)))
def test_le_nom_de_l_entreprise_est_dans_le_titre(page: Path) -> None:
    texte = hors_boucle(page.read_text())
    d_une_entreprise = bool(re.search(r"\{\{ [\w.]*(denomination|\bpersonne) ", texte))
    nom = str(page.relative_to(GABARITS))
    if not d_une_entreprise or nom in SANS_NOM:
        return
    for trouve in (TITRE.search(texte), H1.search(texte)):
        assert trouve is not None, nom
        assert "denomination" in trouve[0], f"{nom} : {trouve[0]}"


def test_les_exceptions_existent() -> None:
    assert all((GABARITS / nom).exists() for nom in SANS_NOM)


def test_ce_qui_est_lu_et_non_montre_est_dit_en_mots() -> None:
    """A link is told from its like by a date, a name or a number that people use, never by the key of a row."""
    cache = re.compile(r'<span class="(?:visually-hidden|fr-sr-only)">(?:(?!</span>).)*', re.DOTALL)
    cles = {
        f"{page.relative_to(GABARITS)} : {trouve}"
        for page in sorted(GABARITS.rglob("*.html"))
        for trouve in cache.findall(page.read_text())
        if re.search(r"\{\{ [\w.]*(\.pk|\.cle|\.id)\b", trouve)
    }
    assert not cles
