"""Rules that every template and style sheet keeps: strict CSP, no State's mark, whole sets of error pages."""

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.forms.renderers import get_default_renderer as get_renderer
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.template.loader import get_template, render_to_string
from django.test import RequestFactory, override_settings

from espacepro.views import erreurs
from tests import gabarits

RACINE = Path(__file__).resolve().parents[2]
GABARITS = sorted((RACINE / "templates").rglob("*.html"))
PAGES = [g for g in GABARITS if "courriels" not in g.parts]  # mail programs only read styles written in the line
EN_LIGNE = re.compile(r"<[^>]*\s(style|on[a-z]+)\s*=|<style\b|<script(?![^>]*\bsrc=)|javascript:", re.IGNORECASE)
ETIQUETTE = re.compile(r"{%.*?%}|{{.*?}}|{#.*?#}")


@pytest.mark.parametrize("gabarit", PAGES, ids=lambda g: str(g.relative_to(RACINE / "templates")))
def test_rien_en_ligne(gabarit: Path) -> None:
    texte = ETIQUETTE.sub("", gabarit.read_text())
    assert not EN_LIGNE.search(texte)


@pytest.mark.parametrize("gabarit", GABARITS, ids=lambda g: str(g.relative_to(RACINE / "templates")))
def test_se_compile(gabarit: Path) -> None:
    get_template(str(gabarit.relative_to(RACINE / "templates")))


@pytest.mark.parametrize(
    "fautif",
    ['<p style="color:red">', '<a onclick="x()">', "<style>", "<script>x()</script>", '<a href="javascript:x">'],
)
def test_le_controle_voit_la_faute(fautif: str) -> None:
    assert EN_LIGNE.search(fautif)


def test_un_nom_absent_fait_rougir_l_essai() -> None:
    """The guard of tests/gabarits.py: a name that a page writes and is not given is noted, then fails the test."""
    moteur = engines["django"]
    assert moteur.from_string("{% if absent %}x{% endif %}{% for x in absent %}x{% endfor %}").render({}) == ""
    assert not gabarits.absents, "asking whether a name is there, or looping over it, is no fault"
    assert moteur.from_string("<p>{{ n_existe_pas }}</p>").render({}) == "<p></p>"
    get_renderer().engine.from_string("{{ formulaire.n_existe_pas|default:'x' }}").render({})  # type: ignore[attr-defined]
    vus = list(gabarits.absents)
    gabarits.absents.clear()
    assert [vu.partition(" in ")[0] for vu in vus] == ["{{ n_existe_pas }}", "{{ formulaire.n_existe_pas }}"]


def test_les_bibliotheques_repondent_de_leurs_gabarits(monkeypatch: pytest.MonkeyPatch) -> None:
    """And of theirs alone: the same template, were it ours, would be noted."""
    assert all(dossier.is_dir() for dossier in gabarits.BIBLIOTHEQUES)
    render_to_string("admin/popup_response.html", {})
    assert not gabarits.absents
    monkeypatch.setattr(gabarits, "BIBLIOTHEQUES", ())
    render_to_string("admin/popup_response.html", {})
    assert gabarits.absents
    gabarits.absents.clear()


def test_les_polices_libres_tiennent_en_cent_ko() -> None:
    polices = list((RACINE / "static/fonts").glob("*.woff2"))
    assert len(polices) == 3
    assert sum(police.stat().st_size for police in polices) < 100_000
    assert (RACINE / "static/fonts/public-sans-LICENSE.txt").exists()


def test_aucune_carte_n_est_ecrite_a_la_main() -> None:
    ecrites = {
        str(g.relative_to(RACINE / "templates")) for g in GABARITS if re.search(r"\bep-carte\b(?!s)", g.read_text())
    }
    avec_formulaire = {"demonstration/accueil.html", "espacepro/comptes/liste.html"}
    assert ecrites == {"composants/carte.html"} | avec_formulaire


def test_une_carte_garde_ce_qu_elle_entoure() -> None:
    moteur = engines["django"]
    seule = moteur.from_string(
        '{% load portail %}{% carte titre="Le code" ancre="code" derniere=True %}<p>{{ x }}</p>{% endcarte %}'
    ).render({"x": "<i>"})
    assert '<section class="ep-carte" aria-labelledby="code">' in seule
    assert "<p>&lt;i&gt;</p>" in seule
    nue = moteur.from_string("{% load portail %}{% carte %}<p>x</p>{% endcarte %}").render({})
    assert nue.strip() == '<div class="ep-carte fr-mb-4w"><p>x</p></div>'


def test_une_couleur_de_la_gestion_est_dite_une_fois() -> None:
    feuilles = "".join(feuille.read_text() for feuille in (RACINE / "static/css").glob("gestion*.css"))
    dites = Counter(re.findall(r"^\s*(--[\w-]+):", feuilles, re.MULTILINE))
    assert "--primary" in dites
    assert [nom for nom, fois in dites.items() if fois > 1] == []


def test_la_gestion_pose_ses_couleurs_avant_le_theme_sombre() -> None:
    """Django's dark theme wins by standing after them, not by a second list."""
    feuilles = re.findall(
        r"css/(\w+)\.css",
        render_to_string("admin/base_site.html", {"title": "x", "site_title": "y", "site_header": "z"}),
    )
    assert feuilles.index("base") < feuilles.index("gestion_couleurs") < feuilles.index("dark_mode")


def test_la_marque_de_l_etat_est_absente_sans_reglage() -> None:
    neutre = render_to_string("composants/marque.html", {"marque_etat": False})
    assert "fr-logo" not in neutre
    assert "République" not in neutre
    assert "fr-logo" in render_to_string("composants/marque.html", {"marque_etat": True})


@pytest.mark.parametrize(("vue", "statut"), [(erreurs.requete_invalide, 400), (erreurs.erreur_serveur, 500)])
def test_les_pages_de_panne_ne_demandent_rien(vue: Callable[[HttpRequest], HttpResponse], statut: int) -> None:
    """No context processor runs: with one that fails, the page is still shown (no database mark either)."""
    with override_settings(TEMPLATES=_gabarits_en_panne()):
        reponse = vue(RequestFactory().get("/"))
    assert reponse.status_code == statut
    assert "<h1>" in reponse.content.decode()


def test_service_indisponible_dit_quand_revenir() -> None:
    reponse = erreurs.service_indisponible(RequestFactory().get("/"))
    assert reponse.status_code == 503
    assert int(reponse["Retry-After"]) > 0


def en_panne(request: object) -> dict[str, str]:
    raise ConnectionError("database is down")


def _gabarits_en_panne() -> list[dict[str, Any]]:
    moteur: dict[str, Any] = settings.TEMPLATES[0]
    options = {**moteur["OPTIONS"], "context_processors": [f"{__name__}.en_panne"]}
    return [{**moteur, "OPTIONS": options}]
