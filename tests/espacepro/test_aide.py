"""The help: each fiche stands, each page that names one opens it, each label quoted is on its page, the search finds."""

import html
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import LazySettings, settings
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import Espace
from accounts.saisies.repliement import replier
from espacepro.acces import MENU, MENU_PERSONNE, TABLE, Acces
from espacepro.aide.fiches import FICHE_DE_LA_PAGE, FICHES, Fiche, chercher, libelles
from espacepro.views.aide import security_txt
from habilitations.models import Role
from tests.espacepro.scenes import TOUS
from tests.factories import EspaceFactory, accorder, habiliter

GABARITS = Path(settings.RACINE) / "templates"
pytestmark = pytest.mark.django_db


def lisible(page: str) -> str:
    """Return what a person reads on a page, or in the source of a template, folded."""
    page = re.sub(r"<(script|style)\b.*?</\1>", " ", page, flags=re.S)
    return replier(html.unescape(re.sub(r"<[^>]*>", " ", page)))


@pytest.fixture
def lire(client: Client, client_de: Callable[[Espace], Client]) -> Callable[[str], str]:
    """Return a function that gives the folded text of a page (a URL name) or of a template (its path)."""
    lues: dict[str, str] = {}

    def ouvrir(page: str) -> str:
        if page not in lues:
            if page.endswith(".html"):
                lues[page] = lisible((GABARITS / page).read_text())
            else:
                if "espace" not in lues:
                    titulaire = EspaceFactory()
                    habiliter(titulaire)
                    accorder(habiliter(EspaceFactory()), titulaire, Role.ACTEUR)
                    lues["espace"] = str(titulaire.pk)
                public = TABLE[page].qui is Acces.PUBLIC
                navigateur = client if public else client_de(Espace.objects.get(pk=lues["espace"]))
                reponse = navigateur.get(reverse(page))
                assert reponse.status_code == 200, page
                lues[page] = lisible(reponse.text)
        return lues[page]

    return ouvrir


def test_chaque_libelle_cite_est_sur_sa_page(lire: Callable[[str], str]) -> None:
    cites = [(fiche.slug, page, texte) for fiche in FICHES.values() for page, texte in libelles(fiche)]
    absents = [(slug, page, texte) for slug, page, texte in cites if replier(texte) not in lire(page)]
    assert absents == []
    assert len({slug for slug, _, _ in cites}) == len(FICHES), "every fiche quotes at least one label"
    assert "inventé" not in lire("connexion")


@pytest.mark.parametrize("fiche", FICHES.values(), ids=FICHES)
def test_chaque_fiche_s_ouvre_sans_requete(
    client: Client, fiche: Fiche, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        page = client.get(reverse("fiche", args=[fiche.slug])).text
    assert "Pas à pas" in page
    assert set(fiche.voisines) <= set(FICHES)
    if fiche.faire:
        assert f'href="{reverse(fiche.faire[0])}"' in page


def test_les_pages_nommees_existent_et_n_ont_qu_une_fiche() -> None:
    nommees = [page for fiche in FICHES.values() for page in fiche.pages]
    assert set(nommees) <= set(TABLE)
    assert len(nommees) == len(set(nommees))
    assert {page for fiche in FICHES.values() for page, _ in libelles(fiche) if "/" not in page} <= set(TABLE)


@pytest.mark.parametrize("page", ["connexion", "inscription", "catalogue", "signaler"])
def test_la_page_ouvre_sa_fiche(client: Client, page: str) -> None:
    assert f'href="{reverse("fiche", args=[FICHE_DE_LA_PAGE[page].slug])}"' in client.get(reverse(page)).text


def test_une_page_sans_fiche_n_en_ouvre_pas(client: Client) -> None:
    assert "ep-aide-page" not in client.get(reverse("cgu")).text


@pytest.mark.parametrize(
    ("recherche", "premiere"),
    [
        ("mot de passe oublié", "mot-de-passe-oublie"),
        ("SUBSTITUTION", "remplacer-le-titulaire"),
        ("delegations", "deleguer"),
        ("lettre n’arrive", "lettre-non-recue"),
        ("code de secours", "second-facteur"),
        ("101e", "cent-siren"),
    ],
)
def test_chercher(
    client: Client, recherche: str, premiere: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    assert chercher(recherche)[0].slug == premiere
    with django_assert_num_queries(0):
        page = client.get("/aide/", {"q": recherche}).text
    assert reverse("fiche", args=[premiere]) in page


@pytest.mark.parametrize("recherche", ["licorne", "—", "url block"])
def test_rien_trouve(client: Client, recherche: str) -> None:
    assert chercher(recherche) == []
    assert "Aucune fiche trouvée" in client.get("/aide/", {"q": recherche}).text


def test_une_fiche_inconnue_n_existe_pas(client: Client) -> None:
    assert client.get("/aide/licorne/").status_code == 404


def test_security_txt(client: Client) -> None:
    reponse = client.get("/.well-known/security.txt")
    assert reponse["Content-Type"] == "text/plain; charset=utf-8"
    champs = dict(ligne.split(": ", 1) for ligne in reponse.text.splitlines())
    assert champs["Contact"] == f"{settings.SITE_URL}/mentions-legales/", "an address that nobody reads is none"
    assert champs["Policy"] == f"{settings.SITE_URL}/mentions-legales/#faille"
    assert 'id="faille"' in client.get("/mentions-legales/").text
    assert champs["Canonical"].endswith("/.well-known/security.txt")
    reste = datetime.fromisoformat(champs["Expires"]) - timezone.now()
    assert timedelta(days=30) < reste < timedelta(days=365)


@pytest.mark.parametrize(
    ("contact", "securite", "dit"),
    [
        ("contact@exemple.fr", "", "mailto:contact@exemple.fr"),
        ("contact@exemple.fr", "https://exemple.fr/faille", "https://exemple.fr/faille"),
    ],
)
def test_security_txt_nomme_qui_lit(
    client: Client, settings: LazySettings, contact: str, securite: str, dit: str
) -> None:
    settings.CONTACT, settings.CONTACT_SECURITE = contact, securite
    assert f"Contact: {dit}\n" in client.get("/.well-known/security.txt").text
    assert f'href="mailto:{contact}"' in client.get("/mentions-legales/").text


def test_security_txt_est_le_meme_toute_la_journee() -> None:
    requete = RequestFactory().get("/.well-known/security.txt")
    matin, soir = datetime(2026, 11, 29, 0, 0, 1, tzinfo=UTC), datetime(2026, 11, 29, 23, 59, tzinfo=UTC)
    assert security_txt(requete, maintenant=matin).content == security_txt(requete, maintenant=soir).content
    assert b"Expires: 2027-05-28T00:00:00Z" in security_txt(requete, maintenant=matin).content


def test_les_mentions_disent_ce_que_l_exploitant_a_dit(client: Client, settings: object) -> None:
    assert "non indiqué" in client.get("/mentions-legales/").text
    settings.EDITEUR, settings.DIRECTEUR_PUBLICATION, settings.HEBERGEUR = "Éditeur A", "Jeanne B", "Hébergeur C"  # type: ignore[attr-defined]
    settings.CONTACT = "contact@exemple.fr"  # type: ignore[attr-defined]
    page = client.get("/mentions-legales/").text
    assert "non indiqué" not in page
    assert "Hébergeur C" in page


# Public, and no page of its own: a step of an inscription or of a sign-in, an answer to a form, the plan itself.
SUITES_PUBLIQUES = {
    "plan",
    "signalement_recu",
    "espace_supprime",
    "choisir_mot_de_passe",
    "pas_moi_fait",
    "verifier_humain",
}
SUITES_PUBLIQUES |= {n for n in TABLE if n.startswith(("inscription_", "connexion_")) or n.endswith("_envoye")}


def test_le_plan_mene_a_chaque_page(client: Client) -> None:
    page = client.get("/plan-du-site/").text
    liens = set(re.findall(r'href="([^"]+)"', page))
    assert all(reverse("fiche", args=[slug]) in liens for slug in FICHES)
    sans_objet = {nom for espace, nom, chemin in TOUS if not espace and "<" not in chemin}
    publiques = {nom for nom in sans_objet & set(TABLE) if TABLE[nom].qui is Acces.PUBLIC} - SUITES_PUBLIQUES
    attendues = (
        publiques | {r.page for r in MENU} | set(MENU_PERSONNE) | {"inscription_simplifiee", "inscription_expert"}
    )
    assert {nom for nom in attendues if reverse(nom) not in liens} == set()
    assert len(publiques) > 10
