"""An address blocked for the fourth time waits for the cell: an alert of its network, grouped, with its evidence (R17)."""

import html
from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from accounts.models import Affaire, Agent, Espace
from surveillance.alertes.decisions import classer_alertes, confirmer_alertes, dire
from surveillance.alertes.ensembles import ensembles_ouverts
from surveillance.automates.blocages import DUREES, bloquer_automate, debloquer_ip
from surveillance.models import Alerte, BlocageIP
from surveillance.signaux.registre import ADRESSE_SANS_FIN, EXTERIEURS
from surveillance.signaux.seuils import BLOCAGES_A_TERME
from tests.accounts.scenes import connecter
from tests.espacepro.scenes import client_verifie
from tests.factories import AgentFactory, EspaceFactory
from tests.habilitations.scenes import apercu_de, texte

pytestmark = pytest.mark.django_db
MARQUES = {"programme": 8.0}


def revenir(adresse: str, fois: int = 4) -> BlocageIP:
    """Block this automaton so many times, each when the one before is over."""
    debut = timezone.now() - timedelta(days=3, hours=1)
    for rang in range(fois):
        blocage = bloquer_automate(
            acteur="systeme:automates",
            adresse=adresse,
            marques=MARQUES,
            maintenant=debut + rang * timedelta(hours=24, minutes=1),
        )
    return blocage


@pytest.fixture
def cellule() -> Agent:
    return AgentFactory(fonction=Agent.Fonction.SURVEILLANCE)


def test_le_quatrieme_blocage_leve_une_alerte_et_les_trois_premiers_non() -> None:
    assert len(DUREES) == BLOCAGES_A_TERME
    assert revenir("203.0.113.7", 3).jusqu_a is not None
    assert not Alerte.objects.exists()
    assert revenir("198.51.100.7").jusqu_a is None
    alerte = Alerte.objects.get()
    assert (alerte.motif, alerte.compte, alerte.cause) == (ADRESSE_SANS_FIN, None, "reseau:198.51.100.0/24")
    assert dire(alerte) == "réseau 198.51.100.0/24"
    assert ADRESSE_SANS_FIN in EXTERIEURS, "it never counts against an espace"
    assert Affaire.objects.get(finie_le=None).cle == str(alerte.pk)


@pytest.mark.parametrize(
    ("une", "autre", "alertes"),
    [
        ("203.0.113.7", "203.0.113.250", 1),
        ("203.0.113.7", "203.0.114.7", 2),
        ("2001:db8:1:2::5", "2001:db8:1:3::5", 1),
        ("2001:db8:1:2::5", "2001:db8:2:2::5", 2),
    ],
)
def test_les_adresses_d_un_meme_reseau_font_une_alerte(une: str, autre: str, alertes: int) -> None:
    revenir(une)
    revenir(autre)
    assert Alerte.objects.count() == len(ensembles_ouverts()[0]) == alertes
    if alertes == 1:
        alerte = Alerte.objects.get()
        assert (alerte.nombre, len(alerte.details["adresses"])) == (2, 2)


def test_la_cellule_la_voit_a_son_accueil_et_lit_ses_preuves(cellule: Agent, espace: Espace) -> None:
    connecter(espace, "203.0.113.9")
    connecter(EspaceFactory(), "203.0.113.7")
    blocage = revenir("203.0.113.7")
    alerte = Alerte.objects.get(motif=ADRESSE_SANS_FIN)
    client = client_verifie(cellule)
    page = reverse("admin:surveillance_alerte_change", args=[alerte.pk])
    nommee = "Adresse bloquée pour la quatrième fois, réseau 203.0.113.0/24"
    assert nommee in texte(client.get(reverse("admin:index")))
    file = texte(client.get(reverse("admin:file", args=["ALERTE_MOYENNE"])))
    assert nommee in file
    assert page in file
    assert "réseau 203.0.113.0/24" in texte(client.get(reverse("admin:alertes")))
    lue = client.get(page).content.decode()
    assert reverse("admin:surveillance_blocageip_change", args=[blocage.pk]) in lue
    assert espace.nom_complet in lue, "who signed in from there: the network may be shared"
    assert "curl" in lue
    ailleurs = "De la même adresse (203.0.113.7), en 7 jours : 1 essai, 1 compte, dont 1 où la connexion a réussi"
    assert ailleurs in html.unescape(lue).replace("\u00a0", " "), "who else came from it, as for an account's alert"
    assert "Demander au détenteur" not in lue
    assert "Désactiver" not in lue


@pytest.mark.parametrize("acte", ["classer", "averer"])
def test_elle_se_decide_et_le_blocage_reste(cellule: Agent, acte: str) -> None:
    revenir("203.0.113.7")
    alerte = Alerte.objects.get()
    client = client_verifie(cellule)
    adresse = reverse(f"admin:surveillance_alerte_{acte}", args=[alerte.pk])
    assert "bloqu" in texte(client.get(adresse))
    assert (
        client.post(adresse, {"motif": "Un robot.", **apercu_de(client.get(adresse).content.decode())}).status_code
        == 302
    )
    alerte.refresh_from_db()
    assert alerte.etat != Alerte.Etat.OUVERTE
    assert not Affaire.objects.filter(finie_le=None).exists()
    assert BlocageIP.objects.filter(leve_le=None, jusqu_a=None).exists()


def test_une_alerte_decidee_n_en_tait_pas_une_autre(cellule: Agent) -> None:
    premier = revenir("203.0.113.7")
    classer_alertes(acteur=cellule, alertes=list(Alerte.objects.all()), motif="Une entreprise.")
    debloquer_ip(acteur=cellule, blocage=premier)
    revenir("203.0.113.8")
    confirmer_alertes(acteur=cellule, alertes=[Alerte.objects.get(etat="OUVERTE")], motif="Un robot.")
    with time_machine.travel(timezone.now() + timedelta(hours=1), tick=False):
        revenir("203.0.113.9")
    assert Alerte.objects.filter(etat="OUVERTE").count() == 1
