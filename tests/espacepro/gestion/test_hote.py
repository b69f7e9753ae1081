"""From where agents come, and their own host name: networks, hosts, cookies (issue 14, item 6)."""

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from accounts.envois.courriels import composer
from accounts.models import Agent, Courriel, Espace
from espacepro.gestion.hote import marquer, verifier_les_reseaux
from tests.espacepro.scenes import client_verifie
from tests.factories import MOT_DE_PASSE, AgentFactory

BUREAU = "10.12.3.4"
DEHORS = "198.51.100.7"
HOTE = "gestion.example.org"


@pytest.fixture
def agent(db: None) -> Agent:
    return AgentFactory()


@pytest.fixture
def reseaux(settings: Any) -> None:
    settings.RESEAUX_AGENTS = ["10.12.0.0/16", "2001:db8:12::/48"]
    settings.PROXYS = 1


@pytest.fixture
def separes(settings: Any) -> None:
    settings.ADMIN_HOST = HOTE
    settings.SITE_URL = "https://portail.example.org"
    settings.ALLOWED_HOSTS = ["testserver", HOTE]


def entrer(agent: Agent, porte: str = "admin:login", **en_tetes: str) -> Client:
    client = Client(headers=en_tetes)
    client.post(reverse(porte), {"username": agent.compte.email, "password": MOT_DE_PASSE})
    return client


@pytest.mark.parametrize("adresse", [BUREAU, "2001:db8:12:1::9", "::ffff:10.12.3.4"])
def test_un_agent_se_connecte_d_un_reseau_declare(reseaux: None, agent: Agent, adresse: str) -> None:
    assert "_auth_user_id" in entrer(agent, **{"x-forwarded-for": adresse}).session


@pytest.mark.parametrize(
    "suite",
    [
        DEHORS,
        "10.13.0.1",
        "2001:db8:13::1",
        f"{BUREAU}, {DEHORS}",  # what a client writes before the front's own hop is not believed
        "n'importe quoi",
        "",
    ],
)
@pytest.mark.parametrize("porte", ["admin:login", "connexion"])
def test_et_de_nul_autre_par_aucune_porte(reseaux: None, agent: Agent, suite: str, porte: str) -> None:
    client = entrer(agent, porte, **{"x-forwarded-for": suite})
    assert "_auth_user_id" not in client.session


@pytest.mark.parametrize(
    ("proxys", "suite", "directe", "ouvre"),
    [
        (2, f"{BUREAU}, 10.12.0.9", "10.12.0.8", True),
        (2, BUREAU, "10.12.0.8", False),  # a hop is missing: the proxy's own address is not the client's
        (2, "", "10.12.0.8", False),
        (1, " , ", "10.12.0.8", False),
        (0, "", BUREAU, True),
        (0, BUREAU, "", False),  # no address: 127.0.0.1 is a guess
    ],
)
def test_une_adresse_que_les_relais_n_ont_pas_ecrite_n_ouvre_rien(
    reseaux: None, settings: Any, agent: Agent, proxys: int, suite: str, directe: str, ouvre: bool
) -> None:
    settings.PROXYS, settings.RESEAUX_AGENTS = proxys, [*settings.RESEAUX_AGENTS, "127.0.0.0/8"]
    client = client_verifie(agent)
    reponse = client.get(reverse("admin:index"), headers={"x-forwarded-for": suite}, REMOTE_ADDR=directe)
    assert reponse.status_code == (200 if ouvre else 403)


@pytest.mark.parametrize("chemin", ["/gestion", "/gestion/", "/gestion/login/"])
def test_l_hote_du_portail_ne_dit_rien_de_la_gestion(separes: None, db: None, chemin: str) -> None:
    assert Client().get(chemin, headers={"host": "testserver"}).status_code == 404


def test_une_session_emportee_hors_du_reseau_n_ouvre_rien(reseaux: None, agent: Agent) -> None:
    client = client_verifie(agent)
    dedans, dehors = {"x-forwarded-for": BUREAU}, {"x-forwarded-for": DEHORS}
    assert client.get(reverse("admin:index"), headers=dedans).status_code == 200
    for methode in (client.get, client.post):
        reponse = methode(reverse("admin:index"), headers=dehors)
        assert reponse.status_code == 403
        assert "seuls réseaux de l’administration" in reponse.content.decode().replace("'", "’")
        assert str(agent) not in reponse.content.decode()
    assert client.get(reverse("admin:index"), headers=dedans).status_code == 200


def test_les_usagers_se_connectent_de_partout(reseaux: None, espace: Espace) -> None:
    client = Client(headers={"x-forwarded-for": DEHORS})
    client.post(reverse("connexion"), {"username": espace.compte.email, "password": MOT_DE_PASSE})
    assert "_auth_user_id" in client.session
    assert client.get(reverse("espace")).status_code == 200


@pytest.mark.parametrize(
    ("reseaux", "hote", "attendu"),
    [
        ([], "", []),
        (["10.12.0.0/16", "2001:db8:12::/48", "192.0.2.1"], HOTE, []),
        (["10.12.3.4/16"], "", ["espacepro.E010"]),
        (["10.12.0.0/33", "bureau"], "", ["espacepro.E010", "espacepro.E010"]),
        ([], "https://gestion.example.org", ["espacepro.E011"]),
        ([], "gestion.example.org:8443", ["espacepro.E011"]),
        ([], "portail.example.org", ["espacepro.E012"]),
    ],
)
def test_ce_qui_est_mal_configure_est_dit(settings: Any, reseaux: list[str], hote: str, attendu: list[str]) -> None:
    settings.RESEAUX_AGENTS, settings.ADMIN_HOST, settings.SITE_URL = reseaux, hote, "https://portail.example.org"
    assert [faute.id for faute in verifier_les_reseaux(None)] == attendu


def test_en_production_tout_reseau_est_dit(settings: Any) -> None:
    settings.PRODUCTION, settings.RESEAUX_AGENTS = True, []
    assert [faute.id for faute in verifier_les_reseaux(None)] == ["espacepro.I010"]


def test_un_reseau_illisible_n_ouvre_rien(settings: Any, agent: Agent) -> None:
    """Where the check was not run: closed, not open."""
    settings.RESEAUX_AGENTS = ["10.12.3.4/16"]
    assert client_verifie(agent).get(reverse("admin:index")).status_code == 403


def test_chacun_chez_soi(separes: None, agent: Agent, espace: Espace, client_de: Callable[[Espace], Client]) -> None:
    """/gestion/ is 404 by the portal's name, the portal by the agents'; what both need answers by both."""
    gestion = {"host": HOTE}
    visiteur = Client()
    for nom in ("index", "login", "chercher"):
        assert visiteur.get(reverse(f"admin:{nom}")).status_code == 404
        assert visiteur.post(reverse(f"admin:{nom}")).status_code == 404
    for nom in ("connexion", "espace", "aide", "inscription", "gerer_services"):
        assert visiteur.get(reverse(nom), headers=gestion).status_code == 404
    assert visiteur.get("/", headers=gestion)["Location"] == reverse("admin:index")
    assert visiteur.get(reverse("admin:index"), headers=gestion)["Location"].startswith(reverse("admin:login"))
    for nom in ("sante", "robots"):
        assert {visiteur.get(reverse(nom), headers=h).status_code for h in (gestion, {})} == {200}
    assert client_de(espace).get(reverse("espace")).status_code == 200
    assert "_auth_user_id" not in entrer(agent, "connexion").session
    perdue = visiteur.get("/rien/", headers=gestion).content.decode()
    assert f"https://portail.example.org{reverse('aide')}" in perdue


def test_les_temoins_ont_leurs_propres_noms(separes: None, agent: Agent) -> None:
    """A session opened at the agents' door is none at the portal's, and one of the portal's is none there."""
    navigateur = Client(enforce_csrf_checks=True, headers={"host": HOTE})
    page = navigateur.get(reverse("admin:login"))
    session, csrf = marquer(settings.SESSION_COOKIE_NAME), marquer(settings.CSRF_COOKIE_NAME)
    assert csrf in page.cookies
    assert settings.CSRF_COOKIE_NAME not in page.cookies
    assert page.cookies[csrf]["httponly"]
    jeton = page.content.decode().partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]
    saisie = {"username": agent.compte.email, "password": MOT_DE_PASSE, "csrfmiddlewaretoken": jeton}
    ouverte = navigateur.post(reverse("admin:login"), saisie)
    assert ouverte.status_code == 302
    assert session in ouverte.cookies
    assert settings.SESSION_COOKIE_NAME not in ouverte.cookies
    assert ouverte.cookies[session]["httponly"]
    cle = ouverte.cookies[session].value
    assert navigateur.get(reverse("admin:index"))["Location"].startswith(reverse("admin:enrolement"))
    autre = Client(headers={"host": HOTE})
    autre.cookies[settings.SESSION_COOKIE_NAME] = cle
    assert autre.get(reverse("admin:index"))["Location"].startswith(reverse("admin:login"))


def test_les_noms_gardent_ce_que_leur_prefixe_promet() -> None:
    assert [marquer(nom) for nom in ("session", "__Host-session")] == ["gestion-session", "__Host-gestion-session"]


def test_les_courriels_des_agents_menent_chez_eux(separes: None, db: None) -> None:
    courriel = Courriel(
        genre="retrait_demande_gestionnaire",
        destinataire="sie@exemple.fr",
        acte="x",
        contexte={"demandeur": "Anne Martin", "lignes": ["TVA, GARAGE DU PONT"], "motif": "départ"},
    )
    assert f"https://{HOTE}{reverse('admin:index')}" in composer(courriel).body
