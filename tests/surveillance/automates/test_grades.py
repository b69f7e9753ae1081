"""From what is seen to what is answered: slower, a verification, a blocking; who goes on, and what a dead Redis means (R17)."""

import base64
import json
import time
import uuid
from datetime import timedelta
from ipaddress import ip_network
from typing import Any

import pytest
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone
from redis import Redis

from accounts.models import Espace
from accounts.portes.marques import PIEGE, PILOTE
from accounts.sessions.navigateurs import retenir
from surveillance import memoire
from surveillance.automates import liste, releve
from surveillance.automates.blocages import AdressePartagee, ReseauDesAgents, bloquer_automate, bloquer_ip
from surveillance.automates.detecteurs import PAGES_PAR_MINUTE, VISITEURS_PAR_MINUTE
from surveillance.automates.epreuve import (
    EpreuveIndisponible,
    EpreuveInvalide,
    EpreuveRejouee,
    proposer_epreuve,
    resoudre_epreuve,
)
from surveillance.automates.grades import Garde, Grade, source_de
from surveillance.models import BlocageIP, Connexion, SignalVu
from surveillance.signaux.registre import AUTOMATE
from tests.factories import MOT_DE_PASSE, EspaceFactory

from .scenes import HONNETES, ROBOTS, Horloge, envoyer, navigateur, resoudre

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("horloge", "neuf")]
ROBOT = "203.0.113.7"
VERIFIER = "Vérifions que vous n’êtes pas un automate"


@pytest.fixture
def redis_mort(monkeypatch: pytest.MonkeyPatch) -> None:
    mort = Redis(port=1, socket_connect_timeout=0.05, retry=None)
    monkeypatch.setattr(memoire, "client", lambda adresse: mort)


def robot(nom: str = "curl", adresse: str = ROBOT) -> Client:
    return navigateur(ROBOTS[nom], adresse)


def humain(adresse: str = ROBOT) -> Client:
    return navigateur(HONNETES["chrome"], adresse)


def statuts(client: Client, nombre: int) -> list[int]:
    return [client.get(reverse("connexion")).status_code for _ in range(nombre)]


def test_un_programme_est_verifie_puis_son_adresse_bloquee_et_l_humain_derriere_continue() -> None:
    espace = EspaceFactory()
    assert statuts(robot(), 6) == [200, 403, 403, 403, 403, 403]
    blocage = BlocageIP.objects.get()
    assert (str(blocage.reseau), blocage.agent, blocage.jusqu_a - blocage.bloque_le) == (  # type: ignore[operator]
        f"{ROBOT}/32",
        None,
        timedelta(minutes=15),
    )
    assert "curl" in blocage.motif
    bloque = humain().get(reverse("connexion"))
    assert bloque.status_code == 403
    assert reverse("verifier_humain") in bloque.content.decode()
    # A browser that the account knows, and one that verifies, go on; the espace is not touched.
    connu = humain()
    temoin = retenir(acteur=espace.compte, request=RequestFactory().get("/"))
    connu.cookies[temoin.nom] = temoin.valeur
    assert connu.get(reverse("connexion")).status_code == 200
    verifie = humain()
    page = verifie.get(reverse("verifier_humain"), {"suite": reverse("connexion")})
    assert page.status_code == 200
    preuve = resoudre(page.context["epreuve"])
    suite = envoyer(verifie, reverse("verifier_humain"), {"preuve": preuve, "suite": reverse("connexion")})
    assert (suite.status_code, suite["Location"]) == (302, reverse("connexion"))
    assert verifie.get(reverse("connexion")).status_code == 200
    entre = envoyer(
        verifie, reverse("connexion"), {"username": espace.compte.email, "password": MOT_DE_PASSE}, servi_a=time.time()
    )
    assert (entre.status_code, entre["Location"]) == (302, reverse("espace"))
    assert verifie.get(reverse("espace")).status_code == 200
    assert humain("203.0.113.8").get(reverse("connexion")).status_code == 200


@pytest.mark.parametrize("nom", sorted(ROBOTS))
def test_chaque_robot_qui_se_trahit_est_bloque(nom: str) -> None:
    statuts(robot(nom), 16)
    assert BlocageIP.objects.filter(reseau=f"{ROBOT}/32").exists()


def test_ce_qui_est_ralenti_a_une_page_par_seconde() -> None:
    lent = robot("requests au nom de chrome")
    assert statuts(lent, 3) == [200] * 3
    assert statuts(lent, 2) == [200, 429]
    refus = lent.get(reverse("connexion"))
    assert refus.status_code == 403, "and what goes on is asked to verify"
    assert VERIFIER in refus.content.decode()


def test_ralentir_dit_quand_revenir(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Garde, "decider", lambda self: Grade.RALENTIR)
    client = humain()
    assert client.get(reverse("connexion")).status_code == 200
    refus = client.get(reverse("connexion"))
    assert (refus.status_code, refus["Retry-After"], refus["Cache-Control"]) == (429, "2", "no-store")
    assert f'href="{reverse("connexion")}"' in refus.content.decode()


def test_un_champ_piege_rempli_ne_bloque_ni_ne_verifie_seul(espace: Espace) -> None:
    champs = {"username": espace.compte.email, "password": MOT_DE_PASSE, PIEGE: "rempli"}
    for _ in range(12):
        client = humain()
        assert envoyer(client, reverse("connexion"), champs, servi_a=time.time() - 0.5).status_code == 302
    assert not BlocageIP.objects.exists()


def test_un_navigateur_pilote_est_vu_par_ses_formulaires() -> None:
    client = humain()
    champs = {"username": "x@exemple.fr", "password": "faux", PILOTE: "1"}
    vus = [envoyer(client, reverse("connexion"), champs, servi_a=time.time() - 9).status_code for _ in range(6)]
    assert vus[0] == 200
    assert vus[-1] == 403
    assert BlocageIP.objects.filter(reseau=f"{ROBOT}/32").exists()


def test_des_mots_de_passe_essayes_menent_a_la_verification_puis_au_blocage(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stuffing: each time another address, as a browser that reads its page, and sooner than a second after."""
    monkeypatch.setattr(Garde, "peut_continuer", lambda self: False)
    vus = []
    for rang in range(140):
        client = humain()
        champs = {"username": f"p{rang}@exemple.fr", "password": "faux"}
        vus.append(envoyer(client, reverse("connexion"), champs, servi_a=time.time() - 9).status_code)
    assert set(vus[:20]) == {200}
    assert (vus.index(429), vus.index(403)) == (20, 40)
    assert BlocageIP.objects.filter(reseau=f"{ROBOT}/32").exists()


def test_l_espace_n_est_jamais_bloque_un_aspirateur_connecte_est_verifie(
    client_de: Any, espace: Espace, horloge: Horloge
) -> None:
    aspirateur = client_de(espace)
    vus = []
    for rang in range(PAGES_PAR_MINUTE + 80):
        vus.append(aspirateur.get(reverse("espace"), REMOTE_ADDR=f"198.51.100.{rang % 250}").status_code)
        horloge.avancer(0.2)
    assert set(vus[:PAGES_PAR_MINUTE]) == {200}
    assert vus[-1] == 403
    assert not BlocageIP.objects.exists(), "from so many addresses none is blocked, and the espace never"
    espace.refresh_from_db()
    assert espace.est_actif
    vu = SignalVu.objects.get(genre=AUTOMATE)
    assert (vu.compte, vu.session is not None) == (espace.compte, True)
    assert "plus de pages" in vu.details["marques"]


def test_cent_siren_en_une_minute_ne_sont_pas_un_automate(client_de: Any, espace: Espace, horloge: Horloge) -> None:
    comptable = client_de(espace)
    for _ in range(100):
        assert comptable.get(reverse("espace")).status_code == 200
        horloge.avancer(0.6)


def test_un_bureau_de_deux_cents_derriere_une_adresse_n_est_pas_un_automate(horloge: Horloge) -> None:
    for _ in range(200):
        collegue = humain()
        assert collegue.get(reverse("connexion")).status_code == 200
        horloge.avancer(60 / 200)
    assert VISITEURS_PAR_MINUTE > 200


def test_une_adresse_apprise_de_connexions_honnetes_n_est_pas_bloquee() -> None:
    maintenant = timezone.now()
    for compte in [EspaceFactory().compte for _ in range(3)]:
        for jours in (1, 2):
            Connexion.objects.create(
                id=uuid.uuid4(),
                quand=maintenant - timedelta(days=jours),
                compte=compte,
                resultat=Connexion.Resultat.REUSSIE,
                adresse_ip=ROBOT,
            )
    with pytest.raises(AdressePartagee):
        bloquer_automate(acteur="systeme:automates", adresse=ROBOT, marques={"programme": 9})
    assert set(statuts(robot(), 12)[1:]) == {403}
    assert not BlocageIP.objects.exists()
    assert VERIFIER in humain().get(reverse("connexion")).content.decode(), "asked to verify, and no more"
    assert bloquer_automate(acteur="systeme:automates", adresse="203.0.113.8", marques={"programme": 9}).pk


def test_un_fichier_nomme_des_plages(settings: Any) -> None:
    settings.RESEAUX_PARTAGES = [ip_network("203.0.113.0/24"), ip_network("2001:db8::/32")]
    for adresse in (ROBOT, "2001:db8:1::5"):
        with pytest.raises(AdressePartagee):
            bloquer_automate(acteur="systeme:automates", adresse=adresse, marques={})
    settings.RESEAUX_AGENTS = ["198.51.100.0/24"]
    with pytest.raises(ReseauDesAgents):
        bloquer_automate(acteur="systeme:automates", adresse="198.51.100.4", marques={})


def test_quinze_minutes_puis_une_heure_puis_un_jour_puis_un_agent() -> None:
    quand = timezone.now() - timedelta(days=3)
    durees = []
    for _ in range(5):
        blocage = bloquer_automate(
            acteur="systeme:automates",
            adresse="2001:db8::7",
            marques={"programme": 8, "sans_langue": 8},
            maintenant=quand,
        )
        assert str(blocage.reseau) == "2001:db8::/64"
        durees.append(blocage.jusqu_a and blocage.jusqu_a - quand)
        if blocage.jusqu_a is None:
            break
        quand = blocage.jusqu_a + timedelta(minutes=1)
    assert durees == [timedelta(minutes=15), timedelta(hours=1), timedelta(hours=24), None]
    assert blocage.motif.startswith("Automate")
    assert "un programme qui dit son nom" in blocage.motif


def test_les_adresses_d_une_ligne_ipv6_sont_une() -> None:
    assert source_de("2001:db8:0:1::5") == source_de("2001:db8:0:1:ffff::9") != source_de("2001:db8:0:2::5")
    assert statuts(robot(adresse="2001:db8::1"), 1) + statuts(robot(adresse="2001:db8::2"), 1) == [200, 403]


def test_une_preuve_sert_une_fois_et_a_une_seule_adresse() -> None:
    preuve = resoudre(proposer_epreuve(ROBOT))
    with pytest.raises(EpreuveInvalide):
        resoudre_epreuve(source="203.0.113.8", preuve=preuve)
    assert resoudre_epreuve(source=ROBOT, preuve=preuve).numero
    with pytest.raises(EpreuveRejouee):
        resoudre_epreuve(source=ROBOT, preuve=preuve)
    lue = json.loads(base64.b64decode(preuve))
    lue["challenge"]["parameters"]["cost"] = 1
    for fausse in ("", "x", "é", base64.b64encode(json.dumps(lue).encode()).decode(), "A" * 5_000):
        with pytest.raises(EpreuveInvalide):
            resoudre_epreuve(source=ROBOT, preuve=fausse)


@pytest.mark.usefixtures("redis_mort")
def test_redis_mort_la_detection_s_arrete_les_blocages_et_les_passes_continuent() -> None:
    debut = time.monotonic()
    assert statuts(robot(), 8) == [200] * 8
    assert time.monotonic() - debut < 4, "Redis is not waited for at each request"
    bloquer_ip(acteur="systeme:essai", reseau=ROBOT, motif="aspiration")
    liste.relire()
    assert statuts(robot(), 1) == [403]
    with pytest.raises(EpreuveIndisponible):
        resoudre_epreuve(source=ROBOT, preuve=resoudre(proposer_epreuve(ROBOT)))


def test_un_passe_ne_vaut_plus_quand_ce_qui_le_porte_est_un_automate() -> None:
    client = robot()
    page = client.get(reverse("verifier_humain"))
    envoyer(client, reverse("verifier_humain"), {"preuve": resoudre(page.context["epreuve"])})
    assert statuts(client, 2) == [200, 403]
    assert VERIFIER in client.get(reverse("connexion")).content.decode()


@pytest.mark.parametrize("avec_passe", [False, True])
def test_un_automate_qui_a_un_passe_est_signale_comme_un_autre(avec_passe: bool) -> None:
    espace = EspaceFactory()
    client = navigateur(HONNETES["chrome"], ROBOT)
    client.force_login(espace.compte, backend="accounts.portes.connexion.CompteBackend")
    if avec_passe:  # taken first, by half a second of computing
        page = client.get(reverse("verifier_humain"))
        envoyer(client, reverse("verifier_humain"), {"preuve": resoudre(page.context["epreuve"])})
        assert "humain" in client.cookies
    releve.noter({memoire.cle("compte", str(espace.compte_id)): ["pilote"] * 5})  # 150: as much as there is
    client.get(reverse("espace"))
    assert SignalVu.objects.filter(genre=AUTOMATE, compte=espace.compte).exists()


def test_une_suite_ailleurs_n_est_pas_suivie() -> None:
    client = humain()
    preuve = resoudre(proposer_epreuve(ROBOT))
    suite = envoyer(client, reverse("verifier_humain"), {"preuve": preuve, "suite": "https://exemple.test/"})
    assert suite["Location"] == reverse("accueil")


def test_une_preuve_refusee_dit_pourquoi() -> None:
    page = envoyer(humain(), reverse("verifier_humain"), {"preuve": "rien"})
    assert page.status_code == 200
    assert EpreuveInvalide.message in page.content.decode()


def test_peser_une_requete_ne_demande_rien_a_la_base(django_assert_num_queries: Any) -> None:
    requete: HttpRequest = RequestFactory(REMOTE_ADDR=ROBOT).get("/aide/")
    requete.session = Client().session
    with django_assert_num_queries(0):
        assert Garde(requete, connu=lambda: None).decider() is Grade.RIEN


def test_sans_javascript_on_passe_par_un_courriel(espace: Espace) -> None:
    """From a blocked address the forgotten password stays open, and its link makes the browser known to the account."""
    for _ in range(2):
        statuts(robot(), 6)
    assert humain().get(reverse("connexion")).status_code == 403
    client = humain()
    assert client.get(reverse("mot_de_passe_oublie")).status_code == 200
    champs = {"adresse": espace.compte.email}
    demande = envoyer(client, reverse("mot_de_passe_oublie"), champs, servi_a=time.time() - 9)
    assert demande["Location"] == reverse("mot_de_passe_oublie_envoye")
    assert client.get(reverse("mot_de_passe_oublie_envoye")).status_code == 200
    assert client.get(reverse("reinitialiser_mot_de_passe", args=["faux"])).status_code != 403
