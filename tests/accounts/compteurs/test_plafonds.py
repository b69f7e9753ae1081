"""What may be asked without an account: link mails, hashes, SIREN looked up (design.md §8)."""

import re
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.conf import settings
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts.compteurs import debit
from accounts.compteurs.plafonds import TropDeDemandes, compter_courriels, compter_siren
from accounts.envois import courriels
from accounts.espace import inscription as actes
from accounts.models import Courriel, Espace, EssaiConnexion
from accounts.mots_de_passe import saturation
from tests.accounts.scenes import INSCRIPTION
from tests.factories import MOT_DE_PASSE, EspaceFactory, PersonneFactory, ServiceFactory

pytestmark = pytest.mark.django_db
MIDI = datetime(2027, 1, 4, 12, tzinfo=ZoneInfo("Europe/Paris"))
VICTIME = "victime@exemple.fr"


@pytest.fixture(autouse=True)
def _hachage_rapide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actes, "hacher_reponse", lambda _: "argon2reponse$")


def recus(adresse: str) -> int:
    """Send what waits, and return how many mails this address has had."""
    courriels.envoyer_en_attente()
    return sum(message.to == [adresse] for message in mail.outbox)


def inscrire(client: Client, **champs: str) -> Any:
    return client.post(reverse("inscription_expert"), {**INSCRIPTION, **champs})


def heures(nombre: int, geste: Callable[[], Any]) -> None:
    """Repeat what an attacker does, every ten minutes for so many hours."""
    with time_machine.travel(MIDI, tick=False) as horloge:
        for _ in range(nombre * 6):
            geste()
            horloge.shift(timedelta(minutes=10))


def test_une_boite_ne_recoit_que_quelques_courriels_d_un_reseau() -> None:
    client = Client()

    def insister() -> None:
        recus(VICTIME)
        inscrire(client, email=VICTIME)
        for _ in range(3):
            client.post(reverse("inscription_renvoyer"))

    heures(3, insister)
    libres, intervalle = settings.DEBIT_COURRIELS_ADRESSE_RESEAU
    assert 2 <= recus(VICTIME) <= libres + timedelta(hours=3) // intervalle


def test_ni_beaucoup_plus_de_dix_reseaux() -> None:
    with time_machine.travel(MIDI, tick=False) as horloge:
        for rang in range(10):
            assert inscrire(Client(REMOTE_ADDR=f"198.51.100.{rang}"), email=VICTIME).status_code == 302
            recus(VICTIME)
            horloge.shift(timedelta(minutes=3))
        assert recus(VICTIME) == settings.DEBIT_COURRIELS_ADRESSE[0]


def test_une_boite_assaillie_en_recoit_un_par_heure_et_jamais_aucun() -> None:
    """Thirty networks, five hours: six at once, then one each hour; nothing is refused, and every mail holds the first link."""
    passes: list[datetime] = []
    with time_machine.travel(MIDI, tick=False) as horloge:
        for rang in range(5 * 6):
            avant = recus(VICTIME)
            assert inscrire(Client(REMOTE_ADDR=f"198.51.100.{rang % 30}"), email=VICTIME).status_code == 302
            if recus(VICTIME) > avant:
                passes.append(MIDI + timedelta(minutes=10 * rang))
            horloge.shift(timedelta(minutes=10))
        total = recus(VICTIME)
    assert settings.DEBIT_COURRIELS_ADRESSE[0] + 3 <= total <= settings.DEBIT_COURRIELS_ADRESSE[0] + 5
    assert len({re.search(r"/lien/\S+", str(message.body))[0] for message in mail.outbox}) == 1  # type: ignore[index]


def test_qui_epuise_son_droit_n_epuise_pas_celui_de_la_personne() -> None:
    with time_machine.travel(MIDI, tick=False):
        for _ in range(10):
            inscrire(Client(REMOTE_ADDR="198.51.100.1"), email=VICTIME)
        assert compter_courriels(adresses=[VICTIME], adresse_ip="203.0.113.7")[VICTIME] == MIDI, "at once"


@pytest.mark.parametrize("connue", [True, False])
def test_au_dela_de_la_limite_rien_ne_dit_si_l_adresse_a_un_espace(connue: bool) -> None:
    adresse = EspaceFactory(compte__email=VICTIME).compte.email if connue else VICTIME
    client = Client()
    with time_machine.travel(MIDI, tick=False):
        suites = [inscrire(client, email=adresse) for _ in range(5)]
        renvoi = client.post(reverse("inscription_renvoyer"), follow=True)
    assert [s.status_code for s in suites] == [302] * 5
    assert renvoi.status_code == 200
    assert "Le courriel repart" in renvoi.content.decode()


def test_renvoyer_dit_la_meme_chose_que_l_adresse_ait_un_espace_ou_non() -> None:
    existant, pages = EspaceFactory(), []
    for adresse in (existant.compte.email, VICTIME):
        client = Client()
        inscrire(client, email=adresse)
        page = client.post(reverse("inscription_renvoyer"), follow=True)
        pages.append((page.status_code, [str(m) for m in page.context["messages"]]))
    assert pages[0] == pages[1]


def test_deux_minutes_entre_deux_liens() -> None:
    client = Client()
    with time_machine.travel(MIDI, tick=False) as horloge:
        inscrire(client, email=VICTIME)
        recus(VICTIME)
        horloge.shift(119)
        client.post(reverse("inscription_renvoyer"))
        assert Courriel.objects.count() == 1
        horloge.shift(2)
        client.post(reverse("inscription_renvoyer"))
        assert Courriel.objects.count() == 2
        assert recus(VICTIME) == 2
    premier, second = (re.search(r"/lien/\S+", str(message.body)) for message in mail.outbox)
    assert premier
    assert second
    assert premier[0] == second[0], "the same link: asking again kills nothing"


def test_un_reseau_a_sa_limite_et_le_lit() -> None:
    reseau = [f"2001:db8:1:2::{rang:x}" for rang in range(1, 80)]
    with time_machine.travel(MIDI, tick=False) as horloge:
        for rang in range(settings.DEBIT_COURRIELS_RESEAU[0]):
            reponse = inscrire(Client(REMOTE_ADDR=reseau[rang]), email=f"p{rang}@cabinet-dupont.fr")
            assert reponse.status_code == 302
        refus = inscrire(Client(REMOTE_ADDR=reseau[-1]), email="de.trop@cabinet-dupont.fr")
        assert refus.status_code == 429
        assert "viennent de votre réseau" in refus.content.decode()
        assert f'value="{INSCRIPTION["voie"]}"' in refus.content.decode()
        voisin = Client(REMOTE_ADDR="2001:db8:1:3::1")
        assert inscrire(voisin, email="voisin@cabinet-dupont.fr").status_code == 302
        horloge.shift(61)
        assert inscrire(Client(REMOTE_ADDR=reseau[-1]), email="de.trop@cabinet-dupont.fr").status_code == 302


def test_trente_inscriptions_par_jour_d_une_meme_entreprise() -> None:
    with time_machine.travel(MIDI, tick=False):
        for rang in range(30):
            assert inscrire(Client(), email=f"salarie{rang}@cabinet-dupont.fr").status_code == 302


def test_une_saisie_refusee_ne_compte_pas() -> None:
    inscrire(Client(), mot_de_passe="motdepassemotdepassemotdepasse")
    inscrire(Client(), reponse_confiance="aaaaaaaaaaaaaaaaaaaa")
    assert not EssaiConnexion.objects.exists()


def test_changer_d_adresse_n_ecrit_pas_sans_fin_a_autrui(espace: Espace) -> None:
    def viser(adresse: str) -> Any:
        return client.post(reverse("changer_adresse"), {"adresse": adresse, "actuel": MOT_DE_PASSE})

    client = Client()
    with time_machine.travel(MIDI, tick=False):
        client.post(reverse("connexion"), {"username": espace.compte.email, "password": MOT_DE_PASSE})
        suites = [viser(VICTIME) for _ in range(6)]
        comptes = EssaiConnexion.objects.count()
        viser(espace.compte.email)
    assert [s.status_code for s in suites] == [302] * 3 + [429] * 3
    assert f'value="{VICTIME}"' in suites[-1].content.decode()
    assert "déjà été demandés pour cette adresse" in suites[-1].content.decode()
    assert Courriel.objects.filter(destinataire=VICTIME).count() == 1, "one link, whose mail waits to leave"
    assert EssaiConnexion.objects.count() == comptes, "one's own address, refused, is not counted"


def test_les_deux_adresses_d_une_creation_simplifiee_sont_comptees() -> None:
    ServiceFactory(code="MSG", bouquet_simplifie=True)
    reponses = []
    for rang in range(5):
        client, personne = Client(), PersonneFactory()
        page = f"{reverse('inscription_simplifiee')}?siren={personne.siren}"
        client.post(reverse("inscription_simplifiee"), {"siren": personne.siren})
        champs = {**INSCRIPTION, "courriel_entreprise": VICTIME, "qualite": "REPRESENTANT_LEGAL"}
        reponses.append(client.post(page, {**champs, "email": f"p{rang}@cabinet-dupont.fr"}))
    assert [r.status_code for r in reponses] == [302] * 5
    cle = debit.empreinte("courriel", VICTIME)
    assert EssaiConnexion.objects.filter(cle=cle).count() == 4, "three at once, and one date that the two others share"


# --- Hashes --------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_les_inscriptions_laissent_des_places_aux_connexions(monkeypatch: pytest.MonkeyPatch, espace: Espace) -> None:
    monkeypatch.setattr(saturation, "ATTENTE", 0.2)
    fini, codes = threading.Event(), []

    def hacher_longtemps(_: str) -> str:
        with saturation.place_de_hachage():
            fini.wait(30)
        return "argon2reponse$"

    monkeypatch.setattr(actes, "hacher_reponse", hacher_longtemps)

    def sinscrire(rang: int) -> None:
        reponse = inscrire(Client(), email=f"course{rang}@cabinet-dupont.fr")
        codes.append((reponse.status_code, f'value="{INSCRIPTION["voie"]}"' in reponse.content.decode()))

    fils = [threading.Thread(target=sinscrire, args=(rang,)) for rang in range(2 * saturation.places())]
    for fil in fils:
        fil.start()
    for fil in fils:
        fil.join(0.5)
    try:
        connexion = Client().post(reverse("connexion"), {"username": espace.compte.email, "password": MOT_DE_PASSE})
        assert connexion.status_code == 302
    finally:
        fini.set()
        for fil in fils:
            fil.join(30)
    assert (503, True) in codes, "whoever finds no place keeps what was typed"


# --- SIREN ---------------------------------------------------------------------------------------------------------


def test_quarante_siren_d_un_meme_reseau() -> None:
    """Nobody reads off whose services are open: a look-up is a POST, and a network has so many."""
    ServiceFactory(code="MSG", bouquet_simplifie=True)
    libres = settings.DEBIT_SIREN_RESEAU[0]
    with time_machine.travel(MIDI, tick=False):
        personnes = [PersonneFactory() for _ in range(40)]
        vus = [Client().post(reverse("inscription_simplifiee"), {"siren": p.siren}) for p in personnes]
        assert [v.status_code for v in vus] == [302] * libres + [429] * (40 - libres)
        assert "viennent de votre réseau" in vus[-1].content.decode()
        assert f'value="{personnes[-1].siren}"' in vus[-1].content.decode()
        directs = [
            Client().post(f"{reverse('inscription_simplifiee')}?siren={p.siren}", INSCRIPTION) for p in personnes
        ]
        assert {d.status_code for d in directs} == {429}, "the second step is no way round"


def test_une_adresse_avec_siren_ne_dit_rien_avant_la_verification() -> None:
    ServiceFactory(code="MSG", bouquet_simplifie=True)
    personne, client = PersonneFactory(), Client()
    page = f"{reverse('inscription_simplifiee')}?siren={personne.siren}"
    contenu = client.get(page).content.decode()
    assert personne.denomination not in contenu
    assert f'value="{personne.siren}"' in contenu, "one button away"
    assert client.post(reverse("inscription_simplifiee"), {"siren": personne.siren})["Location"] == page
    assert personne.denomination in client.get(page).content.decode()
    assert personne.denomination not in Client().get(page).content.decode()


# --- Signed in -----------------------------------------------------------------------------------------------------

PAGES = ["inscription", "inscription_expert", "inscription_envoyee", "inscription_simplifiee"]
ENVOIS = ["inscription_renvoyer", "inscription_simplifiee_renvoyer"]


@pytest.mark.parametrize("nom", [*PAGES, "inscription_simplifiee_envoyee", *ENVOIS])
def test_qui_est_connecte_retourne_chez_soi(client_de: Callable[[Espace], Client], espace: Espace, nom: str) -> None:
    client = client_de(espace)
    cle = client.cookies["session"].value
    if nom not in ENVOIS:
        assert client.get(reverse(nom))["Location"] == reverse("espace")
    if nom not in {"inscription", "inscription_envoyee", "inscription_simplifiee_envoyee"}:
        assert client.post(reverse(nom), INSCRIPTION)["Location"] == reverse("espace")
    assert client.cookies["session"].value == cle
    assert Espace.objects.count() == 1


@pytest.mark.parametrize(
    "autrement",
    [
        "victime@xn--socit-esab.fr",
        "VICTIME@SOCIE\u0301TE\u0301.FR",
        " victime@société.fr\u200b",
        "victime＠société．fr",
    ],
)
def test_une_boite_a_un_seul_compteur_quelle_que_soit_son_ecriture(autrement: str) -> None:
    compter_courriels(adresses=["victime@société.fr"], adresse_ip="203.0.113.9")
    connues = set(EssaiConnexion.objects.values_list("cle", flat=True))
    compter_courriels(adresses=[autrement, "victime@société.fr"], adresse_ip="203.0.113.9")
    assert set(EssaiConnexion.objects.values_list("cle", flat=True)) == connues
    assert EssaiConnexion.objects.count() == 2 * len(connues), "and two spellings in one request are one mail"


def test_qui_change_de_64_ne_recoit_pas_d_autres_courriels_pour_une_boite() -> None:
    with time_machine.travel(MIDI, tick=False):
        for rang in range(settings.DEBIT_COURRIELS_ADRESSE_RESEAU[0]):
            compter_courriels(adresses=[VICTIME], adresse_ip=f"2001:db8:9:{rang:x}::1")
        assert compter_courriels(adresses=[VICTIME], adresse_ip="2001:db8:9:ffff::1")[VICTIME] > MIDI
        assert compter_courriels(adresses=[VICTIME], adresse_ip="2001:db8:a::1")[VICTIME] == MIDI


def test_les_siren_regardes_se_comptent_par_48_aussi() -> None:
    libres = settings.DEBIT_SIREN_RESEAU[0]
    for rang in range(libres * 4):
        compter_siren(adresse_ip=f"2001:db8:9:{rang:x}::1")
    with pytest.raises(TropDeDemandes):
        compter_siren(adresse_ip="2001:db8:9:ffff::1")
    compter_siren(adresse_ip="2001:db8:a::1")
