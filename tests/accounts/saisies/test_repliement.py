"""The one folding: PostgreSQL and Python give the same, on all of Latin Extended and far beyond (issue 11 item 4)."""

import importlib
import sys
import unicodedata

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.saisies.repliement import CAPITALES, LATINES, LIGATURES, MINUSCULES, replier, sql_repliement

LATIN = [(0x41, 0x24F), (0x250, 0x2FF), (0x1D00, 0x1DBF), (0x1E00, 0x1EFF), (0x2C60, 0x2C7F), (0xA720, 0xA7FF)]
LATIN += [(0xAB30, 0xAB6F), (0xFB00, 0xFB06), (0xFF21, 0xFF5A), (0x10780, 0x107BF), (0x1DF00, 0x1DFFF)]
CONNUS = [
    chr(code)
    for code in range(1, sys.maxunicode)
    if not 0xD800 <= code <= 0xDFFF and unicodedata.category(chr(code)) != "Cn"
]


def par_la_base(textes: list[str]) -> list[str]:
    """Return these texts, folded by PostgreSQL."""
    with connection.cursor() as curseur:
        curseur.execute("SELECT replier(t) FROM unnest(%s::text[]) WITH ORDINALITY AS u(t, n) ORDER BY n", [textes])
        return [ligne[0] for ligne in curseur.fetchall()]


@pytest.mark.parametrize(
    ("textes", "replie"),
    [
        (["Lebœuf", "LEBOEUF", "Le Bœuf", "lebœuf", "LE BŒUF"], "leboeuf"),
        (["Łódź", "LODZ", "łódz"], "lodz"),
        (["Đặng", "dang", "ĐẶNG"], "dang"),
        (["Ærø", "AERO", "ærØ"], "aero"),
        (["Iʻo", "I'o", "I’o", "Iʼo", "Iʹo", "I′o", "I´o", "I`o", "io"], "io"),
        (["Muñoz", "MUNOZ", "Mun\u0303oz"], "munoz"),
        (["Hélène", "He\u0301le\u0300ne", "HELENE", "hÉlÈne"], "helene"),
        (["İstanbul", "istanbul", "ıstanbul", "ISTANBUL", "i\u0307stanbul"], "istanbul"),
        (["Strauß", "STRAUẞ", "Strauss"], "strauss"),
        (["Þór", "thor", "ÞÓR"], "thor"),
        (["L'Hermite", "L\u2019HERMITE", "l hermite", "L-Hermite", "L\u200bHermite"], "lhermite"),
        (["Jean‐Paul", "Jean-Paul", "Jean\u2011Paul", "Jean Paul", "jean\u00a0paul"], "jeanpaul"),
        (["ΣΊΣΥΦΟΣ", "σίσυφος", "Σίσυφος"], "σισυφοσ"),
        (["Юлия", "ЮЛИЯ", "юлия"], "юлия"),
        (["ﬁlle", "FILLE", "ｆｉｌｌｅ", "𝐟𝐢𝐥𝐥𝐞"], "fille"),
        (["№ 12½", "no12 1/2"], "no1212"),
        (["!?…—", "", " ", "\u200b"], ""),
        (["\U0001f600 Crêperie \U0001f1eb\U0001f1f7", "creperie"], "creperie"),
    ],
)
@pytest.mark.django_db
def test_ce_qui_est_un_meme_nom(textes: list[str], replie: str) -> None:
    assert [replier(texte) for texte in textes] == [replie] * len(textes)
    assert par_la_base(textes) == [replie] * len(textes)


@pytest.mark.django_db
def test_la_base_et_python_disent_de_meme_sur_tout_le_latin_etendu() -> None:
    connus = set(CONNUS)
    signes = [signe for debut, fin in LATIN for signe in map(chr, range(debut, fin + 1)) if signe in connus]
    assert len(signes) > 1500
    assert par_la_base(signes) == [replier(signe) for signe in signes]


@pytest.mark.django_db
def test_la_base_et_python_disent_de_meme_sur_tout_unicode() -> None:
    """Every character that this Python knows: what it does not know, PostgreSQL may."""
    assert par_la_base(CONNUS) == [replier(signe) for signe in CONNUS]


@pytest.mark.django_db
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text(st.sampled_from(CONNUS), max_size=40), min_size=20, max_size=60))
def test_la_base_et_python_disent_de_meme_sur_des_textes(textes: list[str]) -> None:
    assert par_la_base(textes) == [replier(texte) for texte in textes]


@settings(max_examples=1000)
@given(st.text())
def test_replier_deux_fois_ne_change_rien(texte: str) -> None:
    assert replier(replier(texte)) == replier(texte)


@settings(max_examples=500)
@given(st.text(), st.text())
def test_replier_garde_ce_qu_un_texte_contient(debut: str, fin: str) -> None:
    """What a search for part of a name rests on, where the two parts do not combine."""
    replie = replier(f"{debut} {fin}")
    assert replier(debut) in replie
    assert replier(fin) in replie


def test_la_migration_est_celle_de_la_table() -> None:
    """The table changed? A new migration, the indexes made anew, a new version of the answers (the module says why)."""
    migration = importlib.import_module("accounts.migrations.0008_repliement")
    assert sql_repliement() == migration.REPLIER


def test_la_table_ne_dit_rien_deux_fois() -> None:
    simples = [*"".join(LATINES.values()), *CAPITALES]
    assert len(simples) == len(set(simples))
    assert len(CAPITALES) == len(MINUSCULES)
    assert not set(LIGATURES) & set(simples)


@pytest.mark.django_db
def test_la_fonction_peut_servir_un_index() -> None:
    with connection.cursor() as curseur:
        curseur.execute("CREATE TEMP TABLE essai (nom text)")
        curseur.execute("CREATE INDEX ON essai (replier(nom))")
        curseur.execute("SET LOCAL enable_seqscan = off")
        curseur.execute("EXPLAIN SELECT 1 FROM essai WHERE replier(nom) = 'leboeuf'")
        assert "Index Cond" in " ".join(ligne[0] for ligne in curseur.fetchall())
