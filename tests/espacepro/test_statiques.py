"""The style sheet made of what the pages use: nothing that they name is lost, nothing else of DSFR is kept."""

import gzip
import re
from pathlib import Path

import brotli
import pytest
from django.contrib.staticfiles import finders

from espacepro import statiques

# A class in a rule of DSFR, and one in a page, read another way than the product does.
DANS_UNE_REGLE = re.compile(r"\.(fr-[A-Za-z0-9_-]+)")
DANS_UNE_PAGE = re.compile(r"(?<![\w-])fr-[A-Za-z0-9_-]+")


def classes(css: str) -> set[str]:
    return set(DANS_UNE_REGLE.findall(css))


@pytest.fixture(scope="module")
def feuille() -> str:
    trouve = finders.find(statiques.FEUILLE)
    assert isinstance(trouve, str)
    return (statiques.dossier() / statiques.FEUILLE).read_text(encoding="utf-8")


def test_ce_que_les_pages_nomment_est_garde(feuille: str) -> None:
    connues = set().union(*(classes(f.read_text(encoding="utf-8")) for f in statiques.FEUILLES_DSFR))
    nommees = {
        nom
        for page in (statiques.RACINE / "templates").rglob("*.html")
        for nom in DANS_UNE_PAGE.findall(page.read_text(encoding="utf-8"))
    }
    assert len(nommees & connues) > 100
    # DSFR's one rule about it is for a search bar, which no page has.
    assert (nommees & connues) - classes(feuille) <= {"fr-input--error"}


def test_le_reste_n_y_est_pas(feuille: str) -> None:
    assert not {"fr-share", "fr-transcription", "fr-icon-virus-fill", "fr-consent-banner"} & classes(feuille)
    assert len(feuille) < 0.4 * sum(len(f.read_text(encoding="utf-8")) for f in statiques.FEUILLES_DSFR)


def test_ce_qui_est_cache_le_reste_quelle_que_soit_sa_classe(feuille: str) -> None:
    """A button of a class that gives it a display would show without the script that it waits for."""
    assert re.search(r"(?m)^\[hidden\]\s*\{\s*display:\s*none\s*!important;?\s*\}", feuille)
    regles = re.findall(r"([^{}]*)\{([^{}]*)\}", feuille)  # each rule once: one pattern for all of it takes its square
    contraires = [
        (choix, dit) for choix, dit in regles if "[hidden]" in choix and re.search(r"display:(?!\s*none)", dit)
    ]
    assert len(regles) > 1_000
    assert all("visibility: hidden" in dit for _, dit in contraires), contraires


def test_la_feuille_ne_demande_que_des_polices(feuille: str) -> None:
    adresses = re.findall(r"""url\(["']?(?!data:)([^"')]+)""", feuille)
    assert adresses
    for adresse in adresses:
        assert adresse.endswith((".woff", ".woff2")), adresse
        assert finders.find(adresse.removeprefix("../")), adresse


@pytest.mark.parametrize(
    ("avant", "apres"),
    [
        (".fr-btn,.fr-share{a:b}", ".fr-btn{a:b}"),
        (".fr-share .fr-btn{a:b}", ""),
        (".fr-btn:not(.fr-share){a:b}", ".fr-btn:not(.fr-share){a:b}"),
        ("@media print{.fr-share{a:b}}", ""),
        ("@media print{.fr-share{a:b}.fr-btn{c:d}}", "@media print{.fr-btn{c:d}}"),
        (".fr-collapse--expanded{a:b}", ".fr-collapse--expanded{a:b}"),
        (".fr-share--expanded{a:b}", ""),
        ("[data-fr-theme].fr-share{a:b}", ""),
        (":root{--a:b}", ":root{--a:b}"),
    ],
)
def test_une_regle(avant: str, apres: str, tmp_path: Path) -> None:
    fichier = tmp_path / "x.css"
    fichier.write_text(avant, encoding="utf-8")
    assert statiques.reduite(fichier) == apres


def test_ce_que_le_navigateur_prend_comprime_est_le_meme(feuille: str) -> None:
    for nom in (statiques.FEUILLE, statiques.SCRIPT):
        contenu = (statiques.dossier() / nom).read_bytes()
        assert gzip.decompress((statiques.dossier() / f"{nom}.gz").read_bytes()) == contenu
        assert brotli.decompress((statiques.dossier() / f"{nom}.br").read_bytes()) == contenu


@pytest.mark.parametrize("nom", [feuille.name for feuille in statiques.NOS_FEUILLES])
def test_aucune_accolade_ne_manque(nom: str) -> None:
    """One that a merge lost would put all that follows under the last condition: printed pages alone, say."""
    texte = next(feuille for feuille in statiques.NOS_FEUILLES if feuille.name == nom).read_text(encoding="utf-8")
    assert texte.count("{") == texte.count("}")
    profondeur = 0
    for ligne in texte.splitlines():
        assert profondeur == 0 or ligne.startswith((" ", "\t", "}")), ligne  # what begins a line stands in no condition
        profondeur += ligne.count("{") - ligne.count("}")
        assert profondeur in {0, 1, 2, 3}


def test_un_script_cherche_ce_que_la_page_a() -> None:
    """The warning before a session's end looked for an id that its dialog had no longer: dead on every page."""
    pages = "".join(g.read_text(encoding="utf-8") for g in (statiques.RACINE / "templates").rglob("*.html"))
    scripts = "".join(condition + chemin.read_text(encoding="utf-8") for chemin, condition in statiques.NOS_SCRIPTS)
    cherches = set(re.findall(r'getElementById\("([\w-]+)"\)', scripts))
    assert cherches
    assert {ancre for ancre in cherches if f'id="{ancre}"' not in pages} == set()
