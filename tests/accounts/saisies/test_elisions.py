"""« de » before a name: as a person says it, on every page and in every mail that names somebody or a company."""

import re

import pytest

from accounts.saisies.elisions import de, que
from tests.scenes import RACINE

# What is a name in a template: of a person, or of a company.
NOM_APRES_DE = re.compile(
    r"\b(?:de|que) \{\{ *(?:[a-z_.]*\.)?(?:denomination|nom_complet|nom|prenom|beneficiaires?|personne|nouveau|ancien|qualite|get_qualite_display|acteur|demandeur|titulaire|gestionnaire|par)(?:\|join:\", \")? *\}\}"
)


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
    """Pages and mails; what stands before a tag or a condition is read on the page itself (tests/pages.py: ECRITURES)."""
    trouves = {
        f"{gabarit.relative_to(RACINE)}: {faute}"
        for gabarit in (RACINE / "templates").rglob("*.*")
        if gabarit.suffix in {".html", ".txt"}
        for faute in NOM_APRES_DE.findall(gabarit.read_text(encoding="utf-8"))
    }
    assert not trouves, "written « {{ nom|de }} »"


# What is no name in a printed document: a figure, a reference, an address.
SANS_NOM = {"#d.nouveau_courriel", "#d.limite"}


def test_aucun_document_imprime_n_ecrit_de_devant_un_nom() -> None:
    """A Typst template, whose values are of the data: « #avant(d.de_nom)#d.nom »."""
    gabarits = [g for g in RACINE.rglob("*.typ") if ".venv" not in g.parts]
    assert len(gabarits) > 5
    trouves = {
        f"{gabarit.relative_to(RACINE)}: {faute}"
        for gabarit in gabarits
        for faute in re.findall(r"\b(?:[Dd]e|[Qq]ue)\s+(#[a-z(.#_]+)", gabarit.read_text(encoding="utf-8"))
        if faute not in SANS_NOM
    }
    assert not trouves


NOM_EN_PYTHON = re.compile(
    r"\b(?:de|que) \{(?:\w+\.)*(?:denomination|nom_complet|nom|prenom|banque|beneficiaire|titulaire|demandeur|gestionnaire|recueilli_par)\}"
)


@pytest.mark.parametrize("etage", ["accounts", "services", "habilitations", "activation", "surveillance", "espacepro"])
def test_aucun_texte_de_python_n_ecrit_de_devant_un_nom(etage: str) -> None:
    """« {nom:de} » in the message of a rule, « {de(nom)} » in any other."""
    trouves = {
        f"{fichier.relative_to(RACINE)}: {faute}"
        for fichier in (RACINE / etage).rglob("*.py")
        for faute in NOM_EN_PYTHON.findall(fichier.read_text(encoding="utf-8"))
    }
    assert not trouves
