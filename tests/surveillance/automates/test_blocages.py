"""Blocked addresses: what is refused, who goes on, the list without a query, and both ways to block and lift (R17; CGU §3.7.b)."""

import html
import os
import subprocess
import sys
import timeit
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from accounts.models import Agent, Evenement
from accounts.saisies.dates import jour_heure
from accounts.saisies.porte import TexteIllisible
from accounts.sessions.navigateurs import retenir
from surveillance.automates import liste
from surveillance.automates.blocages import (
    DUREES,
    BlocageDejaLeve,
    BlocageReserve,
    MotifDeBlocageRequis,
    ReseauDejaBloque,
    ReseauDesAgents,
    ReseauInvalide,
    ReseauTropLarge,
    bloquer_ip,
    debloquer_ip,
    lire_reseau,
)
from surveillance.models import BlocageIP
from tests.espacepro.scenes import client_verifie
from tests.factories import AgentFactory, EspaceFactory
from tests.scenes import RACINE

pytestmark = pytest.mark.django_db
ROBOT = "203.0.113.7"


@pytest.fixture(autouse=True)
def liste_vide() -> Iterator[None]:
    """The list of this process begins and ends empty: what it holds outlives a test's transaction."""
    liste._processus.liste = liste.Liste()
    yield
    liste._processus.liste = liste.Liste()


@pytest.fixture
def cellule() -> Agent:
    return AgentFactory(fonction=Agent.Fonction.SURVEILLANCE)


def bloquer(**champs: Any) -> BlocageIP:
    blocage = bloquer_ip(**({"acteur": "systeme:essai", "reseau": ROBOT, "motif": "aspiration"} | champs))
    liste.relire()
    return blocage


@pytest.mark.parametrize(
    ("saisie", "reseau"),
    [
        (ROBOT, "203.0.113.7/32"),
        (" 203.0.113.7 ", "203.0.113.7/32"),
        ("203.0.113.9/24", "203.0.113.0/24"),
        ("2001:db8:0:1::5", "2001:db8:0:1::/64"),
        ("2001:db8::/48", "2001:db8::/48"),
        ("::ffff:203.0.113.7", "203.0.113.7/32"),
    ],
)
def test_un_reseau_se_lit_d_une_adresse(saisie: str, reseau: str) -> None:
    assert str(lire_reseau(saisie)) == reseau


@pytest.mark.parametrize(
    ("saisie", "refus"),
    [
        ("", ReseauInvalide),
        ("exemple.fr", ReseauInvalide),
        ("203.0.113.300", ReseauInvalide),
        ("203.0.113.0/33", ReseauInvalide),
        ("\x00", TexteIllisible),
        ("203.0.0.0/15", ReseauTropLarge),
        ("2001::/31", ReseauTropLarge),
        ("127.0.0.1", ReseauDesAgents),
        ("::1", ReseauDesAgents),
        ("10.1.2.0/24", ReseauDesAgents),
        ("10.1.0.0/16", ReseauDesAgents),
    ],
)
def test_ce_qui_ne_se_bloque_pas(saisie: str, refus: type[Exception], settings: Any) -> None:
    settings.RESEAUX_AGENTS = ["10.1.2.0/24"]
    with pytest.raises(refus):
        lire_reseau(saisie)


@pytest.mark.parametrize(
    ("saisie", "dit"), [("127.0.0.1", "fait partie de 127.0.0.0/8"), ("10.1.0.0/16", "contient 10.1.2.0/24")]
)
def test_ce_qui_est_dit_d_un_reseau_des_agents(saisie: str, dit: str, settings: Any) -> None:
    settings.RESEAUX_AGENTS = ["10.1.2.0/24"]
    with pytest.raises(ReseauDesAgents, match=dit):
        lire_reseau(saisie)


def test_bloquer_sans_duree_se_demande_deux_fois_et_une_adresse_seule_se_lit_seule(cellule: Agent) -> None:
    client = client_verifie(cellule)
    saisie = {"reseau": ROBOT, "duree": "sans fin", "motif": "aspiration"}
    page = html.unescape(client.post(reverse("admin:bloquer_adresse"), saisie).content.decode())
    assert "Cochez cette case pour bloquer sans durée" in page
    assert "Revenir aux adresses bloquées" in page
    assert not BlocageIP.objects.exists()
    assert client.post(reverse("admin:bloquer_adresse"), {**saisie, "sans_fin": "on"}).status_code == 302
    blocage = BlocageIP.objects.get()
    assert (blocage.jusqu_a, blocage.reseau_lisible) == (None, ROBOT)
    for adresse in (
        reverse("admin:surveillance_blocageip_changelist"),
        reverse("admin:surveillance_blocageip_change", args=[blocage.pk]),
        reverse("admin:index"),
    ):
        lue = client.get(adresse).content.decode()
        assert ROBOT in lue, adresse
        assert f"{ROBOT}/32" not in lue, adresse
        assert "décision d’un agent" in lue or adresse == reverse("admin:index")


def test_une_adresse_bloquee_recoit_la_page_qui_dit_comment_passer(client: Client) -> None:
    bloquer(duree=DUREES["15 min"])
    refusee = client.get(reverse("connexion"), REMOTE_ADDR=ROBOT)
    html = refusee.content.decode()
    assert refusee.status_code == 403
    assert 890 <= int(refusee["Retry-After"]) <= 900
    assert refusee["Cache-Control"] == "no-store"
    for texte in (ROBOT, "partenaire EDI", "contactportailpro.mfr@finances.gouv.fr", "déjà servi à entrer"):
        assert texte in html, texte
    assert client.post(reverse("connexion"), REMOTE_ADDR=ROBOT).status_code == 403
    assert client.get(reverse("connexion"), REMOTE_ADDR="203.0.113.8").status_code == 200
    assert client.get(reverse("connexion"), REMOTE_ADDR="2001:db8::1").status_code == 200


def test_la_sante_repond_a_toute_adresse(client: Client) -> None:
    bloquer()
    assert client.get(reverse("sante"), REMOTE_ADDR=ROBOT).status_code == 200


def test_un_navigateur_connu_d_un_compte_continue(client: Client) -> None:
    compte = EspaceFactory().compte
    temoin = retenir(acteur=compte, request=RequestFactory().get("/"))
    bloquer()
    client.cookies[temoin.nom] = temoin.valeur
    assert client.get(reverse("connexion"), REMOTE_ADDR=ROBOT).status_code == 200
    client.cookies[temoin.nom] = temoin.valeur[:-2] + "xx"
    assert client.get(reverse("connexion"), REMOTE_ADDR=ROBOT).status_code == 403


def test_la_liste_se_consulte_sans_requete(django_assert_num_queries: Any) -> None:
    bloquer(reseau="203.0.113.0/24")
    bloquer(reseau="2001:db8::/48", duree=None)
    with django_assert_num_queries(0):
        assert liste.est_bloquee(ROBOT)[0]
        assert liste.est_bloquee("2001:db8:0:ffff::1") == (True, None)
        assert not liste.est_bloquee("203.0.114.1")[0]
        assert liste.est_bloquee("::ffff:203.0.113.7")[0], "the same address, as a socket of both versions writes it"
    with django_assert_num_queries(1):
        liste.relire()


def test_un_blocage_finit_a_son_heure_sans_etre_relu() -> None:
    debut = timezone.now()
    bloquer(duree=DUREES["15 min"], maintenant=debut)
    assert liste.est_bloquee(ROBOT, debut + timedelta(minutes=14, seconds=59))[0]
    assert not liste.est_bloquee(ROBOT, debut + timedelta(minutes=15))[0]
    assert bloquer(maintenant=debut + timedelta(minutes=16)).pk, (
        "what is over does not keep the network from being blocked again"
    )


def test_lever_laisse_revenir_et_ne_se_fait_qu_une_fois(client: Client, cellule: Agent) -> None:
    blocage = bloquer(acteur=cellule)
    assert blocage.agent == cellule
    debloquer_ip(acteur=cellule, blocage=blocage)
    liste.relire()
    assert client.get(reverse("connexion"), REMOTE_ADDR=ROBOT).status_code == 200
    with pytest.raises(BlocageDejaLeve):
        debloquer_ip(acteur=cellule, blocage=blocage)
    assert list(
        Evenement.objects.filter(acte__startswith="adresse.").order_by("pk").values_list("acte", flat=True)
    ) == [
        "adresse.bloquee",
        "adresse.debloquee",
    ]


def test_le_meme_reseau_n_est_bloque_qu_une_fois() -> None:
    bloquer()
    with pytest.raises(ReseauDejaBloque):
        bloquer()


@pytest.mark.parametrize("motif", ["", " ", "x" * 201])
def test_un_blocage_dit_pourquoi(motif: str) -> None:
    with pytest.raises(MotifDeBlocageRequis):
        bloquer(motif=motif)


@pytest.mark.parametrize("fonction", sorted(set(Agent.Fonction) - {Agent.Fonction.SURVEILLANCE, Agent.Fonction.AUCUNE}))
def test_la_cellule_seule_bloque(fonction: str) -> None:
    agent = AgentFactory(fonction=fonction)
    with pytest.raises(BlocageReserve):
        bloquer(acteur=agent)
    with pytest.raises(BlocageReserve):
        debloquer_ip(acteur=agent, blocage=bloquer())


def test_les_pages_de_la_cellule(cellule: Agent) -> None:
    client = client_verifie(cellule)
    bloquer_adresse = reverse("admin:bloquer_adresse")
    assert bloquer_adresse in client.get(reverse("admin:surveillance_blocageip_changelist")).content.decode()
    refuse = client.post(bloquer_adresse, {"reseau": "203.0.0.0/8", "duree": "1 h", "motif": "trop"})
    assert "trop large" in refuse.content.decode()
    assert client.post(bloquer_adresse, {"reseau": ROBOT, "duree": "1 h", "motif": "aspiration"}).status_code == 302
    blocage = BlocageIP.objects.get(reseau=f"{ROBOT}/32")
    assert blocage.jusqu_a == blocage.bloque_le + timedelta(hours=1)
    lever = reverse("admin:surveillance_blocageip_lever", args=[blocage.pk])
    assert ROBOT in client.get(lever).content.decode()
    assert client.post(lever).status_code == 302
    blocage.refresh_from_db()
    assert blocage.leve_le is not None


def test_un_blocage_arrive_a_sa_fin_n_a_ete_leve_par_personne(cellule: Agent) -> None:
    """The next one of its network closes it, at its end; the list said that it had been lifted a day after (walker 6)."""
    debut = timezone.now() - timedelta(days=2)
    fini = bloquer(duree=timedelta(hours=1), maintenant=debut)
    with pytest.raises(BlocageDejaLeve):
        debloquer_ip(acteur=cellule, blocage=fini)
    page = reverse("admin:surveillance_blocageip_change", args=[fini.pk])
    lever = reverse("admin:surveillance_blocageip_lever", args=[fini.pk])
    client = client_verifie(cellule)
    assert lever not in client.get(page).content.decode()
    bloquer(duree=timedelta(hours=1))
    fini.refresh_from_db()
    assert fini.leve_le == fini.jusqu_a == debut + timedelta(hours=1)
    assert not fini.leve_avant_sa_fin
    assert jour_heure(fini.leve_le) in (lu := client.get(page).content.decode())
    assert lu.count(jour_heure(fini.leve_le)) == 1, "« Jusqu’à », and nothing under « Levé le »"


def test_les_commandes_bloquent_et_levent(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("bloquer_ip", ROBOT, "--motif", "aspiration", "--minutes", "60")
    call_command("debloquer_ip", ROBOT)
    assert "n'est plus bloqué" in capsys.readouterr().out
    call_command("bloquer_ip", ROBOT, "--motif", "aspiration", "--sans-fin")
    assert BlocageIP.objects.get(leve_le=None).jusqu_a is None
    for args in (
        ["bloquer_ip", ROBOT, "--motif", "x"],
        ["bloquer_ip", "rien", "--motif", "x"],
        ["debloquer_ip", "192.0.2.1"],
    ):
        with pytest.raises(CommandError):
            call_command(*args)


def test_cent_mille_reseaux_se_consultent_en_microsecondes() -> None:
    """One look-up for each width in use: the cost does not grow with what is blocked."""
    fin = timezone.now() + timedelta(days=1)
    large = liste.Liste((1, 1), {(4, 32): {rang * 4096: fin for rang in range(100_000)}, (4, 24): {}, (6, 64): {}})
    etroite = liste.Liste((1, 1), {(4, 32): {0: fin}, (4, 24): {}, (6, 64): {}})
    maintenant = timezone.now()

    def mesurer(une: liste.Liste) -> float:
        return min(timeit.repeat(lambda: une.fin_de("198.51.100.7", maintenant), number=500, repeat=9))

    assert mesurer(large) < 3 * mesurer(etroite)


RELU = """
import django, time
django.setup()
from django.conf import settings
settings.RELIT_LES_BLOCAGES = True
from surveillance.automates import liste
fin = time.monotonic() + 20
while not liste.est_bloquee("203.0.113.7")[0]:
    assert time.monotonic() < fin, "never known"
    time.sleep(0.05)
print("bloquee")
"""


@pytest.mark.django_db(transaction=True)
def test_un_autre_processus_la_relit_sans_redis() -> None:
    """A process of its own, without Redis, is asked until it knows."""
    bloquer_ip(acteur="systeme:essai", reseau=ROBOT, motif="aspiration")
    base = connection.settings_dict
    environnement = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "espacepro.settings",
        "DATABASE_URL": f"postgres://{base['USER']}@/{base['NAME']}?host={base['OPTIONS'].get('host') or base['HOST']}",
        "REDIS_URL": "redis://127.0.0.1:1/1",
    }
    fait = subprocess.run(
        [sys.executable, "-c", RELU],
        cwd=RACINE,
        env=environnement,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert fait.stdout.strip() == "bloquee", fait.stderr[-2000:]


def test_un_blocage_leve_et_un_autre_ecrit_plus_tot_se_relisent() -> None:
    """Numbers are drawn before their transaction commits: the one that commits last may bear the smaller number."""

    def bloquer(cle: int, reseau: str) -> BlocageIP:
        return BlocageIP.objects.create(pk=cle, reseau=reseau, motif="x", jusqu_a=None)

    leve = bloquer(900_001, "198.51.100.1/32")
    bloquer(900_003, "198.51.100.3/32")
    liste.relire()
    leve.leve_le = timezone.now()
    leve.save()
    bloquer(900_002, "198.51.100.2/32")  # begun before the third, committed now
    liste.relire()
    assert liste.est_bloquee("198.51.100.2")[0]
    assert not liste.est_bloquee("198.51.100.1")[0]
