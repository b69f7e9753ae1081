"""French typography comes from the server, and never touches what a person typed (issue 10.15)."""

from pathlib import Path

import pytest
from django.template import Context, Engine

from accounts.saisies.regles import RegleMetier
from espacepro.typographie import francais, gabarit
from tests import pages, typographie
from tests.scenes import RACINE


@pytest.mark.parametrize(
    ("tape", "montre"),
    [
        ("L'espace d'aujourd'hui", "L’espace d’aujourd’hui"),
        ("jusqu'à ce qu'une", "jusqu’à ce qu’une"),
        ("Essais restants : 3", "Essais restants\u00a0: 3"),
        ("Le dire ? Oui ! Ou non ; enfin", "Le dire\u202f? Oui\u202f! Ou non\u202f; enfin"),
        ("« Activer » : 20 % de 3 €", "«\u00a0Activer\u00a0»\u00a0: 20\u00a0% de 3\u00a0€"),
    ],
)
def test_la_regle(tape: str, montre: str) -> None:
    assert francais(tape) == montre


@pytest.mark.parametrize(
    "texte",
    [
        "https://exemple.fr/a?b=l'x",
        "WHERE n = 'd' AND x %% 2 = 0",
        "a != b",
        "12:30",
        "don't, it's",
        "{% if x %}",
        "a ::text :nom",
        "’déjà’ «\u00a0fait\u00a0»",
    ],
)
def test_ce_qui_n_est_pas_du_francais_reste(texte: str) -> None:
    assert francais(texte) == texte


@pytest.mark.parametrize(
    ("source", "rendu"),
    [
        (
            "<p>L'espace de {{ x }} : « {{ x }} » ?</p>",
            "<p>L’espace de l'a : b ?\u00a0: «\u00a0l'a : b ?\u00a0»\u202f?</p>",
        ),
        ("<p>l'<strong>un</strong>, d'{{ x }}</p>", "<p>l’<strong>un</strong>, d’l'a : b ?</p>"),
        ("""<a href="/l'a ?b" title="L'aide : tout">x</a>""", """<a href="/l'a ?b" title="L’aide\u00a0: tout">x</a>"""),
        (
            """<a title="L'aide de {{ x }} : tout" {% if x %}hidden{% endif %}>d'un</a>""",
            """<a title="L’aide de l'a : b ?\u00a0: tout" hidden>d’un</a>""",
        ),
        ("<pre>l'a : b</pre><code class='l'>d'a ?</code> l'a", "<pre>l'a : b</pre><code class='l'>d'a ?</code> l’a"),
        ("<script>if (a ? b : c) 'l'a'</script>", "<script>if (a ? b : c) 'l'a'</script>"),
        ("""{% with t="L'un : l'autre" %}{{ t|safe }}{% endwith %}""", "L’un\u00a0: l’autre"),
        ("{# l'a : b #}{% comment %}<p title=\"l'a{% endcomment %}l'a", "l’a"),
        ("<!-- l'a : b -->l'a", "<!-- l'a : b -->l’a"),
    ],
)
def test_les_gabarits(source: str, rendu: str) -> None:
    """Only what the template itself says; the variable here is what somebody typed."""
    modele = Engine().from_string(gabarit(source, html=True))
    assert modele.render(Context({"x": "l'a : b ?"}, autoescape=False)) == rendu


def test_un_courriel_garde_ses_liens() -> None:
    assert gabarit("Ouvrez l'adresse :\n{{ lien }}\n", html=False) == "Ouvrez l’adresse\u00a0:\n{{ lien }}\n"


def test_les_positions_ne_bougent_pas() -> None:
    for chemin in (RACINE / "templates").rglob("*.html"):
        source = chemin.read_text()
        assert [len(ligne) for ligne in gabarit(source, html=True).splitlines()] == [
            len(ligne) for ligne in source.splitlines()
        ], chemin


def test_une_regle_ne_touche_pas_ce_qu_elle_cite() -> None:
    class Essai(RegleMetier):
        code = "essai_typographie"
        message = "L’espace de {nom}\u00a0: rien."

    assert str(Essai(nom="Jeanne d'Arc ?")) == "L’espace de Jeanne d'Arc ?\u00a0: rien."


def test_les_textes_de_python_sont_composes() -> None:
    """`python -m tests.typographie --ecrire` writes them."""
    assert [str(chemin.relative_to(RACINE)) for chemin in typographie.a_changer(typographie.fichiers())] == []


def test_le_correcteur_ne_touche_que_les_textes() -> None:
    source = (
        'def f(x):\n    """L\'acte : dit."""\n    # l\'a : b\n    y = r"l\'a : b"\n'
        "    return f\"L'un : {x['l']:>3} ; d'{x}\" + \"qu'ici\"\n"
    )
    attendu = source.replace("L'un : {", "L’un\u00a0: {").replace("} ; d'{", "}\u202f; d’{").replace("qu'ici", "qu’ici")
    assert typographie.en_francais(source) == attendu
    assert typographie.en_francais(attendu) == attendu


@pytest.mark.parametrize(
    "html",
    [
        "<p>l'un</p>",
        "<p>un : deux</p>",
        "<p>« un\u00a0»</p>",
        '<a href="/" title="l\'un">x</a>',
        "<p>l&#x27;un ?</p>",
        '<a href="/" title="voici :">x</a>',
    ],
)
def test_une_page_en_frappe_simple_est_vue(html: str) -> None:
    page = f"<html><body><h1>x</h1>{html}</body></html>"
    assert list(pages.typographie(page))


def test_le_script_ne_recrit_plus_la_page() -> None:
    assert "createTreeWalker" not in Path(RACINE / "static/js/portail.js").read_text()
