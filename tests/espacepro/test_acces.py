"""Closed by default: the access table, the urlconf and the decorators say the same (style.md)."""

import re
from collections.abc import Callable

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from accounts.models import Espace
from espacepro.acces import ESPACES_DE_NOMS, MENU, TABLE, Acces, Rubrique
from tests.espacepro.scenes import NOMS, TOUS, adresse
from tests.factories import AgentFactory, EspaceFactory

OUVERTES = {Acces.PUBLIC, Acces.RESSOURCE}


def test_chaque_page_est_dans_la_table() -> None:
    assert set(NOMS) == set(TABLE)
    assert {espace for espace, _, _ in TOUS if espace} <= set(ESPACES_DE_NOMS)


def test_pas_de_demonstration_hors_demonstration() -> None:
    assert not any(espace == "demonstration" for espace, _, _ in TOUS)


@pytest.mark.django_db
@pytest.mark.parametrize("nom", NOMS)
@pytest.mark.parametrize("methode", ["get", "post"])
def test_un_visiteur_n_entre_que_dans_le_public(client: Client, nom: str, methode: str) -> None:
    reponse = getattr(client, methode)(adresse(nom))
    renvoye = reponse.status_code == 302 and reponse["Location"].startswith(reverse("connexion") + "?next=")
    assert renvoye == (TABLE[nom].qui not in OUVERTES), (reponse.status_code, reponse.headers.get("Location"))


@pytest.mark.parametrize("methode", ["PUT", "DELETE", "PATCH", "TRACE", "CONNECT", "PROPFIND"])
def test_une_methode_qu_aucune_page_ne_prend_est_refusee_avant_toute_lecture(client: Client, methode: str) -> None:
    """Without the database (pytest-django forbids it here): no session, no account, no object, at any door; and no page is made."""
    client.cookies[settings.SESSION_COOKIE_NAME] = "x" * 32
    politiques = set()
    for nom in NOMS:
        reponse = client.generic(methode, adresse(nom), b"x" * 10_000_000, "multipart/form-data")
        assert (reponse.status_code, reponse["Allow"], reponse.content) == (405, "GET, HEAD, OPTIONS, POST", b""), nom
        politiques.add(
            (reponse["Cache-Control"], reponse["Content-Security-Policy"], reponse["X-Content-Type-Options"])
        )
    assert len(politiques) == 1
    assert client.generic(methode, f"{reverse('admin:index')}inconnue/").status_code == 405


@pytest.mark.django_db
@pytest.mark.parametrize("nom", [n for n in NOMS if TABLE[n].qui is Acces.ESPACE])
@pytest.mark.parametrize("qui", ["agent", "desactive", "en_attente"])
def test_une_page_d_espace_n_existe_que_pour_un_espace_actif(client: Client, nom: str, qui: str) -> None:
    """404 for anybody else; who waits for the code of a new espace is sent to the page of that code."""
    if qui == "agent":
        compte = AgentFactory().compte
    else:
        etat = Espace.Etat.DESACTIVE if qui == "desactive" else Espace.Etat.EN_ATTENTE_CODE
        compte = EspaceFactory(etat=etat).compte
    client.force_login(compte, backend="accounts.portes.connexion.CompteBackend")
    for methode in (client.get, client.post):
        reponse = methode(adresse(nom))
        if qui == "en_attente" and reponse.status_code == 302:
            assert reponse["Location"] == reverse("activer_espace")
        else:
            assert reponse.status_code in {404, 405}


@pytest.mark.django_db
@pytest.mark.parametrize("nom", NOMS)
def test_en_tetes_de_chaque_page(
    client: Client, nom: str, espace: Espace, client_de: Callable[[Espace], Client]
) -> None:
    navigateur = client if TABLE[nom].qui in OUVERTES else client_de(espace)
    reponse = navigateur.get(adresse(nom))
    assert reponse.status_code < 500
    politique = reponse.headers["Content-Security-Policy"]
    assert "default-src 'none'" in politique
    assert "unsafe" not in politique
    assert reponse.headers["X-Frame-Options"] == "DENY"
    assert reponse.headers["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in reponse.headers["Cache-Control"]


def test_chaque_page_d_un_espace_dit_sa_rubrique() -> None:
    """Or says that it has none; and each heading opens a page that stands under it."""
    muettes = [n for n, p in TABLE.items() if p.qui in {Acces.ESPACE, Acces.PRESENT} and p.rubrique is None]
    assert not muettes
    assert [TABLE[rubrique.page].rubrique for rubrique in MENU] == MENU


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("nom", "marquees"),
    [
        ("espace", [("Accueil", "page")]),
        ("adherer", [(Rubrique.GERER.libelle, "true")]),
        ("securite", []),  # under the person's own name
        ("journal_personne", [(Rubrique.GERER.libelle, "true")]),
        ("cgu", []),
    ],
)
def test_le_menu_marque_la_rubrique_ouverte(
    nom: str, marquees: list[tuple[str, str]], espace: Espace, client_de: Callable[[Espace], Client]
) -> None:
    reponse = client_de(espace).get(adresse(nom))
    assert reponse.status_code == 200
    liens = re.findall(r'<a class="fr-nav__link" href="([^"]+)"(?: aria-current="(\w+)")?>([^<]+)</a>', reponse.text)
    assert [(lien, mots) for lien, _, mots in liens] == [(reverse(r.page), r.libelle) for r in MENU]
    assert [(mots, marque) for _, marque, mots in liens if marque] == marquees
