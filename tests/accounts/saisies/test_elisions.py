"""« de » before a name: as a person says it, on every page and in every mail that names somebody or a company."""

import re

import pytest

from accounts.saisies.elisions import de, que
from tests.scenes import RACINE

# What is a name in a template: of a person, or of a company.
NOM_APRES_DE = re.compile(
    r"\b(?:de|que) \{\{ *(?:[a-z_.]*\.)?(?:denomination|nom_complet|nom|prenom|beneficiaires?|personne)(?:\|join:\", \")? *\}\}"
)
DES_SERVICES = re.compile(r"(?:bureau|service_gestionnaire)\.nom")  # « SIE de Lyon », « DGE »


@pytest.mark.parametrize(
    ("nom", "dit"),
    [
        ("Inès Colin", "d’Inès Colin"),
        ("Karine Vidal", "de Karine Vidal"),
        ("Émile", "d’Émile"),
        ("Œuvres sociales", "d’Œuvres sociales"),
        ("Hélène", "d’Hélène"),
        ("Hassan", "de Hassan"),
        ("HÔTEL DU PORT", "d’HÔTEL DU PORT"),
        ("Yves", "d’Yves"),
        ("Yannick", "de Yannick"),
        ("Y", "de Y"),
        ("ONZE", "de ONZE"),
        ("ATELIER ROUSSEL", "d’ATELIER ROUSSEL"),
        ("3 SUISSES", "de 3 SUISSES"),
        ("«", "de «"),
        ("", "de "),
    ],
)
def test_de_s_elide_comme_on_le_dit(nom: str, dit: str) -> None:
    assert de(nom) == dit


def test_que_aussi() -> None:
    assert (que("Inès"), que("Karine")) == ("qu’Inès", "que Karine")


def test_aucun_gabarit_n_ecrit_de_devant_un_nom() -> None:
    trouves = {
        f"{gabarit.relative_to(RACINE)}: {faute}"
        for gabarit in (RACINE / "templates").rglob("*.*")
        if gabarit.suffix in {".html", ".txt"}
        for faute in NOM_APRES_DE.findall(gabarit.read_text(encoding="utf-8"))
        if not DES_SERVICES.search(faute)
    }
    assert not trouves, "written « {{ nom|de }} »"
