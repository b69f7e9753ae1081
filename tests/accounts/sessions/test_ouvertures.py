"""The session: kept as a hash, limited, listed, closed, and renewed when privilege changes (R6, design.md §8)."""

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import quote

import pytest
import time_machine
from django.conf import settings
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Espace, Evenement, Session
from accounts.models.sessions_base import SessionStore, empreinte
from accounts.sessions.ouvertures import effacer_perimees, fermer_toutes, lister
from tests.accounts.scenes import IPHONE, connecter
from tests.factories import MOT_DE_PASSE, AgentFactory, EspaceFactory

Ouvrir = Callable[[Espace], Client]


def test_la_base_ne_garde_que_l_empreinte_de_la_cle(espace: Espace) -> None:
    client = connecter(espace)
    cle = client.cookies[settings.SESSION_COOKIE_NAME].value
    with connection.cursor() as curseur:
        curseur.execute("SELECT row_to_json(s)::text FROM accounts_session s")
        lignes = [ligne for (ligne,) in curseur.fetchall()]
    assert len(lignes) == 1
    assert cle not in lignes[0]
    assert empreinte(cle) in lignes[0]
    vole = Client()
    vole.cookies[settings.SESSION_COOKIE_NAME] = empreinte(cle)
    assert vole.get(reverse("espace")).status_code == 302


def test_une_session_dit_d_ou_et_avec_quoi(espace: Espace) -> None:
    connecter(espace)
    connecter(espace, "8.8.8.8", IPHONE)
    bureau, mobile = sorted(lister(espace.compte), key=lambda session: session.navigateur)
    assert (bureau.pays, bureau.navigateur, bureau.systeme, bureau.adresse_ip) == (
        "FR",
        "Chrome 131",
        "Windows 10",
        "193.51.224.1",
    )
    assert (mobile.pays, mobile.systeme, mobile.appareil) == ("US", "iOS 17", "iPhone")


def test_la_cle_change_a_la_connexion_et_l_ancienne_ne_vaut_rien(espace: Espace) -> None:
    client = Client()
    fixee = SessionStore()
    fixee["piege"] = True
    fixee.create()
    assert fixee.session_key
    client.cookies[settings.SESSION_COOKIE_NAME] = fixee.session_key
    client.post(reverse("connexion"), {"username": espace.compte.email, "password": MOT_DE_PASSE})
    assert client.cookies[settings.SESSION_COOKIE_NAME].value != fixee.session_key
    voleur = Client()
    voleur.cookies[settings.SESSION_COOKIE_NAME] = fixee.session_key
    assert voleur.get(reverse("espace")).status_code == 302
    assert not SessionStore().exists(fixee.session_key)


def test_une_cle_choisie_par_le_navigateur_n_est_jamais_adoptee(espace: Espace) -> None:
    client = Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = "abcdefghijklmnopqrstuvwxyz012345"
    client.post(reverse("connexion"), {"username": espace.compte.email, "password": MOT_DE_PASSE})
    assert client.cookies[settings.SESSION_COOKIE_NAME].value != "abcdefghijklmnopqrstuvwxyz012345"


def test_fermer_une_session_deconnecte_ce_navigateur_et_lui_seul(espace: Espace) -> None:
    ici, la = connecter(espace), connecter(espace)
    autre = next(
        s for s in lister(espace.compte) if s.session_key == empreinte(la.cookies[settings.SESSION_COOKIE_NAME].value)
    )
    assert ici.post(reverse("fermer_session", args=[autre.numero])).status_code == 302
    assert la.get(reverse("espace")).status_code == 302
    assert ici.get(reverse("espace")).status_code == 200
    assert Evenement.objects.filter(acte="session.fermee", auteur=espace.numero_abonne).exists()


def test_on_ne_ferme_pas_la_session_d_un_autre(espace: Espace) -> None:
    autre = EspaceFactory()
    victime = connecter(autre)
    numero = Session.objects.get(compte=autre.compte).numero
    connecter(espace).post(reverse("fermer_session", args=[numero]))
    assert victime.get(reverse("espace")).status_code == 200


def test_fermer_toutes_les_autres(espace: Espace, client_de: Ouvrir) -> None:
    temoin = connecter(EspaceFactory())
    clients = [connecter(espace) for _ in range(3)]
    clients[0].post(reverse("fermer_autres_sessions"))
    assert [c.get(reverse("espace")).status_code for c in clients] == [200, 302, 302]
    assert temoin.get(reverse("espace")).status_code == 200
    assert fermer_toutes(acteur=espace.compte) == 1
    assert clients[0].get(reverse("espace")).status_code == 302


@pytest.mark.parametrize(("secondes", "statut"), [(1799, 200), (1801, 302)])
def test_trente_minutes_sans_usage(espace: Espace, secondes: int, statut: int) -> None:
    depart = timezone.now().replace(microsecond=0)
    with time_machine.travel(depart, tick=False):
        client = connecter(espace)
        assert client.get(reverse("espace")).status_code == 200
    with time_machine.travel(depart + timedelta(seconds=secondes), tick=False):
        assert client.get(reverse("espace")).status_code == statut
        assert len(lister(espace.compte)) == (statut == 200)


@pytest.mark.parametrize(("secondes", "statut"), [(35_999, 200), (36_001, 302)])
def test_dix_heures_au_plus_meme_en_s_en_servant(espace: Espace, secondes: int, statut: int) -> None:
    depart = timezone.now().replace(microsecond=0)
    with time_machine.travel(depart, tick=False):
        client = connecter(espace)
    for minute in range(25, 600, 25):
        with time_machine.travel(depart + timedelta(minutes=minute), tick=False):
            client.post(reverse("prolonger_session"))
    with time_machine.travel(depart + timedelta(seconds=secondes), tick=False):
        assert client.get(reverse("espace")).status_code == statut


def test_une_page_demandee_trop_tard_revient_apres_la_connexion(espace: Espace) -> None:
    depart = timezone.now().replace(microsecond=0)
    with time_machine.travel(depart, tick=False):
        client = connecter(espace)
    with time_machine.travel(depart + timedelta(seconds=1801), tick=False):
        page = f"{reverse('securite')}?depuis=favori"
        porte = client.get(page)
        assert porte["Location"] == f"{reverse('connexion')}?next={quote(page)}"
        formulaire = client.get(porte["Location"])
        assert "Votre session a pris fin" in formulaire.content.decode()
        saisie = {"username": espace.compte.email, "password": MOT_DE_PASSE, "next": page}
        assert client.post(reverse("connexion"), saisie)["Location"] == page


@pytest.mark.parametrize(
    ("provenance", "suite"),
    [("http://testserver/espace/coordonnees/?x=1", "/espace/coordonnees/?x=1"), ("https://ailleurs.fr/", ""), ("", "")],
)
def test_un_formulaire_envoye_trop_tard_ramene_a_sa_page(espace: Espace, provenance: str, suite: str) -> None:
    depart = timezone.now().replace(microsecond=0)
    with time_machine.travel(depart, tick=False):
        client = connecter(espace)
    with time_machine.travel(depart + timedelta(seconds=1801), tick=False):
        refus = client.post(reverse("coordonnees"), {"nom": "AUTRE"}, headers={"referer": provenance})
    assert refus["Location"] == reverse("connexion") + (f"?next={quote(suite)}" if suite else "")
    espace.refresh_from_db()
    assert espace.nom != "AUTRE"


@pytest.mark.django_db
def test_un_agent_dont_la_session_a_pris_fin_retrouve_sa_porte() -> None:
    depart = timezone.now().replace(microsecond=0)
    with time_machine.travel(depart, tick=False):
        client = Client()
        client.force_login(AgentFactory().compte, backend="accounts.portes.connexion.CompteBackend")
    with time_machine.travel(depart + timedelta(seconds=1801), tick=False):
        assert client.post(reverse("admin:index"))["Location"] == reverse("admin:login")


def test_continuer_ma_session_repousse_la_limite(espace: Espace) -> None:
    depart = timezone.now().replace(microsecond=0)
    with time_machine.travel(depart, tick=False):
        client = connecter(espace)
    with time_machine.travel(depart + timedelta(minutes=29), tick=False):
        assert client.post(reverse("prolonger_session")).status_code == 204
    with time_machine.travel(depart + timedelta(minutes=58), tick=False):
        assert client.get(reverse("espace")).status_code == 200


def test_les_lignes_perimees_s_effacent(espace: Espace) -> None:
    with time_machine.travel(timezone.now() - timedelta(hours=11), tick=False):
        connecter(espace)
    connecter(espace)
    effacer_perimees()
    assert Session.objects.count() == 1


def test_les_temoins_sont_httponly_et_lax(espace: Espace) -> None:
    client = connecter(espace)
    for nom, temoin in client.cookies.items():
        attributs = (temoin["httponly"], temoin["samesite"], temoin["path"], temoin["domain"])
        assert attributs == (True, "Lax", "/", ""), nom
