"""What the surveillance cell reads: its own name, figures that say what they count, and no reach that a right en veille does not give."""

import html

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Agent
from espacepro.gestion.alertes import lire_preuves
from habilitations.models import Habilitation
from surveillance.models import Alerte
from surveillance.signaux.registre import PULVERISATION
from surveillance.signaux.signalement import signaler
from tests.espacepro.scenes import client_verifie
from tests.factories import AgentFactory, EspaceFactory, ServiceFactory, habiliter

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> Client:
    return client_verifie(AgentFactory(fonction=Agent.Fonction.SURVEILLANCE))


def lu(client: Client, nom: str, *args: object) -> str:
    return html.unescape(client.get(reverse(nom, args=args)).content.decode())


def test_la_portee_d_un_espace_ne_compte_pas_ce_qui_est_en_veille() -> None:
    """Twelve companies were said of somebody who may do something for eleven (walker 6)."""
    espace = EspaceFactory()
    for _ in range(3):
        habilitation = habiliter(espace, service=ServiceFactory(paiement=True))
    Habilitation.objects.filter(pk=habilitation.pk).update(
        etat=Habilitation.Etat.EN_VEILLE, veille_motif="CESSATION", veille_depuis=timezone.now()
    )
    signaler(compte=espace.compte, genre=PULVERISATION, details={"reseau": "192.0.2.0/24"})
    portee = lire_preuves(Alerte.objects.get()).portee
    assert portee is not None
    assert (portee.entreprises, portee.services, portee.payables) == (2, 2, 2)


def test_la_cellule_n_a_pas_de_service_et_n_en_lit_pas_le_nom(client: Client) -> None:
    accueil = lu(client, "admin:index").split('class="gestion-nature">')[1].split("</p>")[0]
    assert accueil.startswith("Cellule de surveillance · ")
    espace = lu(client, "admin:espace", EspaceFactory().pk)
    assert "Ce que tient cet espace</h2>" in espace
    assert "votre service" not in espace.split('id="content"')[1].split("Actes sur")[0]


def test_la_liste_dit_combien_d_alertes_font_ses_lignes(client: Client) -> None:
    """The desk counts alerts, and the list shows what one cause raised on one row."""
    for _ in range(3):
        signaler(
            compte=EspaceFactory().compte,
            genre=PULVERISATION,
            details={"reseau": "192.0.2.0/24"},
            cause="reseau:192.0.2.0/24",
        )
    assert "À examiner\N{NO-BREAK SPACE}: 3 alertes, en 1 ligne<" in lu(client, "admin:alertes")


def test_un_agent_ne_lit_rien_de_son_habilitation_la_ou_rien_n_est(client: Client) -> None:
    page = client.get("/gestion/rien-ici/")
    assert page.status_code == 404
    texte = html.unescape(page.content.decode())
    assert "habilitation" not in texte
    assert "Revenir à «" in texte
    usager = EspaceFactory()
    dehors = Client()
    dehors.force_login(usager.compte, backend="accounts.portes.connexion.CompteBackend")
    assert "votre habilitation a pu prendre fin" in dehors.get("/espace/rien-ici/").content.decode()
