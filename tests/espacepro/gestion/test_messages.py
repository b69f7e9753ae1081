"""The pages of the desk about the mailbox: the queue with its figures, an exchange, an answer begun from a model."""

import re
import uuid

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Agent
from services.messagerie.bureau import noter
from services.messagerie.echanges import ecrire, repondre
from services.models import Echange, LectureMessage, Message, ModeleDeReponse
from tests.espacepro.scenes import client_verifie
from tests.factories import AgentFactory
from tests.services.messagerie.scenes import Scene, scene

pytestmark = pytest.mark.django_db
INTERNE = "Vu avec le chef de service"


@pytest.fixture
def lieu() -> Scene:
    return scene()


@pytest.fixture
def echange(lieu: Scene) -> Echange:
    ecrit = ecrire(
        acteur=lieu.titulaire,
        personne=lieu.personne,
        theme="TVA",
        objet="Option pour la TVA",
        texte="Bonjour, nous voudrions opter.",
        envoi=uuid.uuid4(),
    ).echange
    noter(acteur=lieu.agent, echange=ecrit, texte=INTERNE, envoi=uuid.uuid4())
    return ecrit


@pytest.fixture
def client(lieu: Scene) -> Client:
    return client_verifie(lieu.agent)


def page(nom: str, echange: Echange) -> str:
    return reverse(f"admin:services_echange_{nom}", args=[echange.pk])


def caches(html: str) -> dict[str, str]:
    """Return the hidden fields of a page's form."""
    return dict(re.findall(r'<input type="hidden" name="(envoi|vu)" value="([^"]*)"', html))


def test_la_file_montre_ce_qui_attend_et_ses_quatre_chiffres(client: Client, echange: Echange) -> None:
    html = client.get(reverse("admin:file", args=["MESSAGERIE"])).content.decode()
    assert "Option pour la TVA" in html
    assert html.count("<dt>") == 4
    assert "Délai médian" in html


def test_l_echange_se_lit_en_entier_et_laisse_un_accuse(client: Client, lieu: Scene, echange: Echange) -> None:
    html = client.get(page("change", echange)).content.decode()
    for texte in (
        "nous voudrions opter",
        INTERNE,
        "Répondre",
        "Prendre en charge",
        "Clore",
        "réponse promise avant le",
    ):
        assert texte in html, texte
    assert LectureMessage.objects.filter(lecteur=lieu.agent.compte).count() == 1
    assert "Lu par" in (html := client.get(page("change", echange)).content.decode())
    assert str(lieu.agent) in html.split("Lu par")[1].split("</p>")[0]


@pytest.mark.parametrize("fonction", [Agent.Fonction.SURVEILLANCE, Agent.Fonction.AUDITEUR])
def test_ni_la_cellule_ni_l_auditeur_ne_lisent_les_messages(lieu: Scene, echange: Echange, fonction: str) -> None:
    agent = AgentFactory(service_gestionnaire=lieu.agent.service_gestionnaire, fonction=fonction)
    autre = client_verifie(agent)
    assert autre.get(page("change", echange)).status_code in {302, 403, 404}
    assert autre.get(reverse("admin:services_echange_changelist")).status_code == 403


def test_une_reponse_part_d_un_modele_corrige(client: Client, lieu: Scene, echange: Echange) -> None:
    modele = ModeleDeReponse.objects.create(titre="Accusé", texte="Nous avons bien reçu votre message.")
    montree = client.get(page("repondre", echange)).content.decode()
    assert "nous voudrions opter" in montree
    saisie = {**caches(montree), "texte": "Bonjour,", "modele": modele.pk}
    insere = client.post(page("repondre", echange), {**saisie, "inserer": "oui"}).content.decode()
    assert "Bonjour,\n\nNous avons bien reçu votre message." in insere
    assert not Message.objects.filter(agent=lieu.agent, interne=False).exists()
    envoye = client.post(page("repondre", echange), {**caches(insere), "texte": "Bonjour, nous avons bien reçu."})
    assert envoye["Location"] == page("change", echange)
    assert Message.objects.get(agent=lieu.agent, interne=False).texte == "Bonjour, nous avons bien reçu."


def test_un_message_arrive_entre_temps_est_montre_et_le_texte_garde(
    client: Client, lieu: Scene, echange: Echange
) -> None:
    montree = client.get(page("repondre", echange)).content.decode()
    repondre(acteur=lieu.acteur, echange=echange, texte="Une précision de dernière minute", envoi=uuid.uuid4())
    saisie = {**caches(montree), "texte": "Réponse longue à écrire"}
    refusee = client.post(page("repondre", echange), saisie)
    html = refusee.content.decode()
    for texte in ("Un message est arrivé", "Une précision de dernière minute", "Réponse longue à écrire"):
        assert texte in html, texte
    assert client.post(page("repondre", echange), {**saisie, **caches(html)}).status_code == 302


@pytest.mark.parametrize("champs", [{"envoi": "x"}, {"vu": "x"}, {"modele": "abc"}, {"texte": "\x00"}, {}])
def test_une_saisie_etrange_se_montre_et_n_envoie_rien(
    client: Client, lieu: Scene, echange: Echange, champs: dict[str, str]
) -> None:
    assert client.post(page("repondre", echange), champs).status_code == 200
    assert not Message.objects.filter(agent=lieu.agent, interne=False).exists()


def test_l_echange_transmis_n_est_plus_lu(client: Client, lieu: Scene, echange: Echange) -> None:
    vers = AgentFactory().service_gestionnaire
    fait = client.post(page("transferer", echange), {"vers": vers.pk, "motif": "Relève d’un autre département"})
    assert fait["Location"] == reverse("admin:services_echange_changelist")
    assert client.get(page("change", echange)).status_code == 302


def test_le_chef_tient_les_modeles_depuis_la_liste(lieu: Scene) -> None:
    chef = client_verifie(
        AgentFactory(service_gestionnaire=lieu.agent.service_gestionnaire, fonction=Agent.Fonction.CHEF)
    )
    liste = reverse("admin:services_modeledereponse_changelist")
    assert reverse("admin:ajouter_modele") in chef.get(liste).content.decode()
    chef.post(reverse("admin:ajouter_modele"), {"titre": "Accusé", "texte": "Bonjour", "theme": ""})
    modele = ModeleDeReponse.objects.get(titre="Accusé")
    assert modele.service_gestionnaire == lieu.agent.service_gestionnaire
    modifier = reverse("admin:services_modeledereponse_modifier", args=[modele.pk])
    assert "Bonjour" in chef.get(modifier).content.decode()
    assert chef.post(reverse("admin:services_modeledereponse_retirer", args=[modele.pk])).status_code == 302
    assert not ModeleDeReponse.objects.exists()
    assert reverse("admin:ajouter_modele") not in client_verifie(lieu.agent).get(liste).content.decode()
