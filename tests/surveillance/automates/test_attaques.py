"""What others can do with the counting: against a company, an office, a neighbour; and what a robot cannot talk itself out of (R17)."""

import base64
import hashlib
import json
import re
import time
from datetime import timedelta
from typing import Any

import altcha
import pytest
from altcha.v2 import Challenge
from django.test import Client, RequestFactory
from django.urls import reverse

from accounts.envois.courriels import PAGES_DES_LIENS
from accounts.models import Agent
from accounts.portes.marques import PIEGE, SERVI, sceller, servi_depuis
from accounts.sessions.navigateurs import retenir
from surveillance.automates import liste
from surveillance.automates.blocages import DUREES, bloquer_automate, bloquer_ip, debloquer_ip
from surveillance.automates.epreuve import proposer_epreuve
from surveillance.automates.grades import source_de
from surveillance.models import BlocageIP
from tests.espacepro.scenes import client_verifie
from tests.factories import AgentFactory, EspaceFactory

from .scenes import HONNETES, ROBOTS, envoyer, navigateur

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("horloge", "neuf")]
ENTREPRISE = "203.0.113.77"


def humain(adresse: str = ENTREPRISE, **entetes: str) -> Client:
    client = navigateur(HONNETES["chrome"], adresse)
    client.defaults |= entetes
    return client


def d_un_autre_site(adresse: str = ENTREPRISE, *, mode: str = "no-cors", pour: str = "empty") -> Client:
    """An honest browser that the page of another site has ask us: neither session nor known browser goes with it."""
    return humain(
        adresse,
        HTTP_SEC_FETCH_SITE="cross-site",
        HTTP_SEC_FETCH_MODE=mode,
        HTTP_SEC_FETCH_DEST=pour,
        HTTP_ACCEPT="*/*",
    )


def resoudre(epreuve: str) -> str:
    """Return what the widget posts."""
    lue = json.loads(epreuve)
    solution = altcha.solve_challenge(Challenge.from_dict(lue))
    assert solution is not None
    return base64.b64encode(json.dumps({"challenge": lue, "solution": solution.to_dict()}).encode()).decode()


@pytest.mark.parametrize("origine", ["https://piege.example", "null"])
def test_les_formulaires_d_un_autre_site_ne_comptent_contre_personne(origine: str) -> None:
    client = d_un_autre_site()
    client.defaults["HTTP_ORIGIN"] = origine
    codes = {envoyer(client, reverse("connexion"), {"a": "b"}).status_code for _ in range(12)}
    assert codes == {403}, "refused, as CSRF does"
    assert not BlocageIP.objects.exists()
    assert humain().get(reverse("connexion")).status_code == 200


@pytest.mark.parametrize(("mode", "pour"), [("no-cors", "image"), ("cors", "empty"), ("navigate", "iframe")])
def test_les_images_et_les_cadres_d_un_autre_site_ne_comptent_contre_personne(
    mode: str, pour: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("surveillance.automates.grades.VISITEURS_PAR_MINUTE", 0)
    client = d_un_autre_site(mode=mode, pour=pour)
    assert {client.get(reverse("connexion")).status_code for _ in range(65)} == {403}
    assert not BlocageIP.objects.exists()
    assert humain().get(reverse("connexion")).status_code == 200


def test_un_lien_d_un_autre_site_est_suivi() -> None:
    assert d_un_autre_site(mode="navigate", pour="document").get(reverse("connexion")).status_code == 200
    chez_nous = humain(HTTP_ORIGIN="http://testserver")
    assert envoyer(chez_nous, reverse("connexion"), {"a": "b"}, servi_a=time.time() - 9).status_code == 200


@pytest.mark.parametrize(("champ", "valeur"), [("keyLength", 32.0), ("cost", 5000.0)])
def test_une_epreuve_de_nombres_a_virgule_est_refusee_sans_erreur(champ: str, valeur: float) -> None:
    epreuve = json.loads(proposer_epreuve(source_de(ENTREPRISE)))
    epreuve["parameters"][champ] = valeur
    fausse = {"challenge": epreuve, "solution": {"counter": 1, "derivedKey": "00" * 32}}
    preuve = base64.b64encode(json.dumps(fausse).encode()).decode()
    assert envoyer(humain(), reverse("verifier_humain"), {"preuve": preuve}).status_code == 200


def test_qui_a_un_compte_n_est_pas_un_robot_libre() -> None:
    """One known browser, and in front of it another cookie, or a session, that changes each time: it is counted as that browser."""
    temoin = retenir(acteur=EspaceFactory().compte, request=RequestFactory().get("/"))
    for nom in ("connu-0", "sessionid"):
        codes = []
        for rang in range(4):
            client = navigateur(ROBOTS["curl"], f"203.0.113.{rang + 80}")
            client.cookies[nom] = f"{'x' * 31}{rang}"
            client.cookies[temoin.nom] = temoin.valeur
            codes.append(client.get(reverse("connexion")).status_code)
        assert codes[-1] == 403, nom


@pytest.mark.parametrize("nom", ["connu-0", "sessionid"])
def test_un_temoin_invente_ne_donne_pas_un_rythme_neuf(nom: str) -> None:
    """Slowed: one page a second, whatever the cookies say."""
    for _ in range(2):
        navigateur(ROBOTS["sans nom"], ENTREPRISE).get(reverse("connexion"))
    codes = []
    for rang in range(6):
        client = humain()
        client.cookies[nom] = f"{'y' * 31}{rang}"
        codes.append(client.get(reverse("connexion")).status_code)
    assert codes.count(200) <= 1


def test_un_en_tete_de_plus_ne_dispense_pas_de_lire_le_formulaire() -> None:
    client = humain(HTTP_X_CSRFTOKEN="x")
    codes = [envoyer(client, reverse("connexion"), {"a": "b"}).status_code for _ in range(12)]
    assert BlocageIP.objects.exists() or 429 in codes, codes


def test_le_bouton_d_une_page_d_agent_dont_la_session_est_finie_ne_compte_pas() -> None:
    for _ in range(12):
        envoyer(humain(), reverse("admin:logout"), {"csrfmiddlewaretoken": "x"})
    assert humain().get(reverse("admin:login")).status_code == 200


@pytest.mark.parametrize("age", [60.0, 30 * 86400.0])
def test_une_page_lue_une_fois_ne_sert_pas_toujours(age: float) -> None:
    """One page read once, its mark given to a fleet, for a month."""
    servi = time.time() - age
    codes = [envoyer(humain(), reverse("connexion"), {"a": "b"}, servi_a=servi).status_code for _ in range(12)]
    assert 429 in codes, codes


def test_des_pages_ouvertes_la_veille_ne_font_pas_un_automate() -> None:
    """Monday, nine o'clock: the pages of a whole office were left open on Friday."""
    codes = {
        envoyer(humain(), reverse("connexion"), {"a": "b"}, servi_a=time.time() - 3 * 86400 - rang).status_code
        for rang in range(20)
    }
    assert codes == {200}


@pytest.mark.parametrize("a_la_main", [True, False])
def test_un_blocage_leve_ou_pose_par_la_cellule_n_est_pas_une_recidive(a_la_main: bool) -> None:
    cellule = AgentFactory(fonction=Agent.Fonction.SURVEILLANCE)
    premier = (
        bloquer_ip(acteur=cellule, reseau=ENTREPRISE, motif="aspiration", duree=timedelta(0))
        if a_la_main
        else bloquer_automate(acteur="systeme:automates", adresse=ENTREPRISE, marques={"programme": 10})
    )
    if not a_la_main:
        debloquer_ip(acteur=cellule, blocage=premier)
    second = bloquer_automate(acteur="systeme:automates", adresse=ENTREPRISE, marques={"programme": 10})
    assert second.jusqu_a is not None
    assert second.jusqu_a - second.bloque_le == DUREES["15 min"]


def test_le_reseau_des_agents_n_est_pas_verifie_pour_le_programme_d_un_collegue(settings: Any) -> None:
    settings.RESEAUX_AGENTS = ["203.0.113.0/24"]
    robot = navigateur(ROBOTS["curl"], ENTREPRISE)
    for _ in range(12):
        robot.get(reverse("connexion"))
    assert humain().get(reverse("admin:login")).status_code == 200


@pytest.mark.parametrize("bloquee", [True, False])
def test_un_agent_passe_par_la_verification_chez_les_agents(settings: Any, bloquee: bool) -> None:
    """On the agents' own host name, where cookies bear a mark: from a watched or a blocked address, what was solved counts."""
    settings.ADMIN_HOST, settings.ALLOWED_HOSTS = "gestion.example.org", ["*"]
    if bloquee:
        bloquer_automate(acteur="systeme:automates", adresse=ENTREPRISE, marques={"programme": 10})
        liste.relire()
    else:
        for _ in range(3):
            navigateur(ROBOTS["curl"], ENTREPRISE).get(reverse("connexion"))
    agent = humain(HTTP_HOST=settings.ADMIN_HOST)
    page = agent.get(reverse("admin:login"))
    assert page.status_code == 403
    assert reverse("verifier_humain") in page.content.decode()
    assert reverse("mot_de_passe_oublie") not in page.content.decode(), "it is not of this host"
    preuve = resoudre(proposer_epreuve(source_de(ENTREPRISE)))
    suite = envoyer(agent, reverse("verifier_humain"), {"preuve": preuve, "suite": reverse("admin:login")})
    assert (suite.status_code, suite["Location"]) == (302, reverse("admin:login"))
    assert agent.get(reverse("admin:login")).status_code == 200


@pytest.mark.parametrize("nom", sorted(PAGES_DES_LIENS.values()))
def test_les_liens_des_courriels_s_ouvrent_d_une_adresse_bloquee(nom: str) -> None:
    """Without JavaScript, at a company whose address is blocked: « ce n'est pas moi » cannot wait."""
    bloquer_automate(acteur="systeme:automates", adresse=ENTREPRISE, marques={"programme": 10})
    liste.relire()
    assert humain().get(reverse("connexion")).status_code == 403
    assert humain().get(reverse(nom, args=["faux"])).status_code not in {403, 429}


def test_une_epreuve_n_est_calculee_qu_une_fois_par_le_serveur(monkeypatch: pytest.MonkeyPatch) -> None:
    """One signed challenge, sent again and again with a wrong answer, costs the server one computation."""
    calculs: list[int] = []

    pbkdf2 = hashlib.pbkdf2_hmac

    def compter(*args: Any) -> bytes:
        calculs.append(1)
        return pbkdf2(*args)

    monkeypatch.setattr(hashlib, "pbkdf2_hmac", compter)
    lue = json.loads(proposer_epreuve(source_de(ENTREPRISE)))
    fausse = {"challenge": lue, "solution": {"counter": 1, "derivedKey": "00" * 32}}
    preuve = base64.b64encode(json.dumps(fausse).encode()).decode()
    dites = [envoyer(humain(), reverse("verifier_humain"), {"preuve": preuve}).content.decode() for _ in range(5)]
    assert len(calculs) == 1
    assert "Recommencez" in dites[-1]
    d_ailleurs = base64.b64encode(json.dumps(fausse | {"challenge": json.loads(proposer_epreuve("8.8.8.8"))}).encode())
    envoyer(humain(), reverse("verifier_humain"), {"preuve": d_ailleurs.decode()})
    assert len(calculs) == 1, "of another source, nothing is computed"


@pytest.mark.parametrize("nom", sorted(PAGES_DES_LIENS.values()))
def test_la_passerelle_qui_ouvre_les_liens_des_courriels_ne_fait_pas_bloquer_l_entreprise(nom: str) -> None:
    """A scanner before the mailboxes asks each link from the company's own address: it writes nothing, a token is not guessed."""
    for rang in range(10):
        navigateur(ROBOTS["curl"], ENTREPRISE).get(reverse(nom, args=[f"jeton{rang}"]))
    assert not BlocageIP.objects.exists()
    assert humain().get(reverse("connexion")).status_code == 200


def test_la_page_d_un_agent_porte_son_heure_et_ne_compte_pas_une_fois_sa_session_finie() -> None:
    """Any form of /gestion/, sent after lunch: its page was served to somebody signed in."""
    agent = AgentFactory(fonction=Agent.Fonction.SURVEILLANCE)
    client = client_verifie(agent)
    client.defaults |= humain().defaults
    page = client.get(reverse("admin:bloquer_adresse")).content.decode()
    marque = re.search(rf'name="{SERVI}" value="([^"]+)"', page)
    assert marque is not None
    assert PIEGE not in page, "the field that nobody sees is for visitors"
    assert servi_depuis(marque[1]) is not None
    for rang in range(4):
        lue = sceller(time.time() - 3600 - rang)  # before lunch
        humain().post(reverse("admin:bloquer_adresse"), {SERVI: lue, "reseau": "203.0.113.9"})
    assert humain().get(reverse("connexion")).status_code == 200
