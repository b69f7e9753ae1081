"""What tests/pages.py sees on a page, and that it is asked about every page."""

import pytest
from django.conf import settings
from django.test import Client

from accounts.models import Espace
from tests import pages

SAINE = (
    '<html><h1 id="a">x</h1><h2 id="b">y</h2><a href="#a">z</a><label for="c">d</label><input type="date" autocomplete="off" enterkeyhint="done" id="c" aria-describedby="a b">'
    '<label><input type="checkbox" name="e"> f</label><input type="hidden" name="g"><script>"<h6>"</script><!-- <h6> --></html>'
)


def test_une_page_saine_n_a_pas_de_faute() -> None:
    assert pages.fautes_de(SAINE) == []


@pytest.mark.parametrize(
    ("avant", "apres", "faute"),
    [
        ('id="b"', 'id="a"', 'id="a" 2 times'),
        ('id="b"', 'id=""', "empty id"),
        ('href="#a"', 'href="#n"', "leads nowhere"),
        ('for="c"', 'for="n"', "labels nothing"),
        ('for="c"', 'for="a"', "labels nothing"),
        ("<label for", "<p data-for", "has no label"),
        ('"a b"', '"a n"', '"n"> names nothing'),
        ('enterkeyhint="done"', "", "no kind of keyboard"),
        ("<h2", "<h3", "<h3> after <h1>"),
        ("<h1", "<h2", "<h2> after no heading"),
        ("<h2", "<h1", "2 h1"),
    ],
)
def test_chaque_faute_est_vue(avant: str, apres: str, faute: str) -> None:
    assert any(faute in vue for vue in pages.fautes_de(SAINE.replace(avant, apres)))


def test_un_fichier_se_demande_deux_fois() -> None:
    """« Télécharger (CSV) », then « (XLSX) » within six seconds: the second did nothing (issue 10.3)."""
    formulaire = '<form method="post" action="/espace/gerer-les-services/delegations/exporter/">'

    def envois(html: str, page: str) -> list[str]:
        return list(pages._envois(list(pages._elements(html)), html, page))

    assert envois(formulaire, "/")
    assert envois('<form method="post">', "/espace/mes-donnees/telecharger/")
    assert not envois(formulaire.replace(">", " data-plusieurs-envois>"), "/")
    assert not envois('<form method="post" action="/connexion/">', "/")


@pytest.mark.django_db
def test_toute_page_servee_est_lue(client_de, espace: Espace, monkeypatch: pytest.MonkeyPatch) -> None:
    """The help as it was: its chapter on the session had the id of the warning before its end (issue 10.13)."""
    assert settings.MIDDLEWARE[0] == "tests.pages.PagesMiddleware"
    lues: list[pages.Elements] = []
    monkeypatch.setattr(pages, "_fautes_de", lambda vus: lues.append(vus) or [])
    for navigateur, adresse in (
        (client_de(espace), "/aide/"),
        (Client(), "/inexistante/"),
        (Client(), "/gestion/login/"),
    ):
        avant = len(lues)
        navigateur.get(adresse)
        assert len(lues) == avant + 1, adresse
