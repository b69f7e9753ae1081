"""The pages of the desk about the mailbox: the queue with its figures, an exchange, an answer begun from a model."""

import re
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.gestion.bureau import chiffres_de, lire_bureau
from accounts.gestion.files import catalogue
from accounts.models import Affaire, Agent
from services.messagerie.bureau import clore_du_bureau, dernier_de_l_entreprise, noter
from services.messagerie.echanges import ecrire
from services.models import Echange, LectureMessage, Message, ModeleDeReponse
from tests.espacepro.scenes import client_verifie
from tests.factories import AgentFactory, PersonneFactory, echanger
from tests.services.messagerie.scenes import Scene, ouvrir, scene

pytestmark = pytest.mark.django_db
INTERNE = "Vu avec le chef de service"


@pytest.fixture
def echange(lieu: Scene) -> Echange:
    ecrit = ouvrir(lieu, "Option pour la TVA", "Bonjour, nous voudrions opter.")
    noter(acteur=lieu.agent, echange=ecrit, texte=INTERNE, envoi=uuid.uuid4())
    return ecrit


@pytest.fixture
def client(du_bureau: Client) -> Client:
    return du_bureau


def page(nom: str, echange: Echange) -> str:
    return reverse(f"admin:services_echange_{nom}", args=[echange.pk])


def caches(html: str) -> dict[str, str]:
    """Return the hidden fields of a page's form."""
    return dict(re.findall(r'<input type="hidden" name="(envoi|vu|repondu|tenue)" value="([^"]*)"', html))


def test_la_file_montre_ce_qui_attend_et_ses_quatre_chiffres(client: Client, echange: Echange) -> None:
    html = client.get(reverse("admin:file", args=["MESSAGERIE"])).content.decode()
    assert "Option pour la TVA" in html
    assert html.count("<dt>") == 4
    assert "Délai médian" in html


def test_les_chiffres_d_une_file_sont_ceux_de_l_accueil_en_une_requete(
    client: Client, lieu: Scene, echange: Echange, django_assert_num_queries: Any
) -> None:
    """Those of its own queue and office, and its pages are counted by them."""
    for texte in ("Une", "Deux"):
        ecrire(acteur=lieu.titulaire, personne=lieu.personne, theme="TVA", objet=texte, texte=texte, envoi=uuid.uuid4())
    Affaire.objects.filter(cle=str(echange.pk)).update(depuis=timezone.now() - timedelta(days=60))
    clore_du_bureau(acteur=lieu.agent, echange=echange, vu=dernier_de_l_entreprise(echange))
    autre = scene()
    ecrire(acteur=autre.titulaire, personne=autre.personne, theme="TVA", objet="x", texte="x", envoi=uuid.uuid4())
    Affaire.objects.filter(finie_le=None, service_gestionnaire=lieu.agent.service_gestionnaire).filter(
        pk=Affaire.objects.filter(finie_le=None, personne=lieu.personne.pk).earliest("pk").pk
    ).update(depuis=timezone.now() - timedelta(days=90))
    with django_assert_num_queries(1):
        chiffres = chiffres_de(lieu.agent, catalogue()["MESSAGERIE"])
    assert chiffres == lire_bureau(lieu.agent).chiffres
    assert (chiffres.en_attente, chiffres.en_retard, chiffres.traitees) == (2, 1, 1)
    assert "2 en attente" in client.get(reverse("admin:file", args=["MESSAGERIE"])).content.decode()


def test_l_echange_se_lit_en_entier_et_laisse_un_accuse(client: Client, lieu: Scene, echange: Echange) -> None:
    html = client.get(page("change", echange)).content.decode()
    for texte in (
        "nous voudrions opter",
        INTERNE,
        "Répondre",
        "Dire à l",
        "Clore",
        "avant le",
    ):
        assert texte in html, texte
    assert LectureMessage.objects.filter(lecteur=lieu.agent.compte).count() == 1
    assert "Lu par" in (html := client.get(page("change", echange)).content.decode())
    assert str(lieu.agent) in html.split("Lu par")[1].split("</p>")[0]


def test_un_long_echange_s_ouvre_a_la_fin_et_n_est_lu_que_ce_qui_est_montre(
    client: Client, lieu: Scene, echange: Echange
) -> None:
    depuis = timezone.now()
    for rang in range(60):
        Message.objects.create(
            echange=echange, espace=lieu.titulaire, texte=f"Message {rang}.", envoye_le=depuis + timedelta(minutes=rang)
        )
    html = client.get(page("change", echange)).content.decode()
    assert "Message 59." in html
    assert "Message 9." not in html
    assert LectureMessage.objects.filter(lecteur=lieu.agent.compte).count() == 50
    [precedents] = re.findall(r'rel="prev" href="([^"]+)">Messages précédents', html)
    html = client.get(page("change", echange) + precedents).content.decode()
    assert "Message 9." in html
    assert "nous voudrions opter" in html
    assert "Messages suivants" in html
    assert "Messages précédents" not in html
    assert client.get(page("change", echange), {"p": "3"}).status_code == 400
    assert client.get(page("change", echange), {"p": "x"}).status_code == 400


@pytest.mark.parametrize("saisie", [str.lower, str.upper, " {} ".format])
def test_une_reference_mene_a_son_echange_sans_lire_les_autres(
    client: Client, lieu: Scene, echange: Echange, saisie: Callable[[str], str]
) -> None:
    """Its own index finds it: nothing is looked for among the companies. That of another office is not found."""
    autre = echanger(PersonneFactory())
    liste = reverse("admin:services_echange_changelist")
    with CaptureQueriesContext(connection) as requetes:
        html = client.get(liste, {"q": saisie(echange.reference)}).content.decode()
    assert html.count(f">{echange.reference}</a>") == 1
    assert not [une["sql"] for une in requetes if "services_echange" in une["sql"] and "LIKE" in une["sql"]]
    assert f">{autre.reference}</a>" not in client.get(liste, {"q": saisie(autre.reference)}).content.decode()
    trouvee = client.get(liste, {"q": lieu.personne.siren_lisible}).content.decode()
    assert echange.reference in trouvee
    assert "Tout afficher" in trouvee
    assert "Tout afficher" not in client.get(liste).content.decode(), "all is shown already"


@pytest.mark.parametrize("fonction", [Agent.Fonction.SURVEILLANCE, Agent.Fonction.AUDITEUR])
def test_ni_la_cellule_ni_l_auditeur_ne_lisent_les_messages(lieu: Scene, echange: Echange, fonction: str) -> None:
    agent = AgentFactory(service_gestionnaire=lieu.agent.service_gestionnaire, fonction=fonction)
    autre = client_verifie(agent)
    assert autre.get(page("change", echange)).status_code in {302, 403, 404}
    refus = autre.get(reverse("admin:services_echange_changelist"))
    assert refus.status_code == 403
    assert "votre fonction" in refus.content.decode()
    assert "suppléant" not in refus.content.decode(), "that is said to a holder"


def test_une_reponse_part_d_un_modele_corrige(client: Client, lieu: Scene, echange: Echange) -> None:
    modele = ModeleDeReponse.objects.create(titre="Accusé", texte="Nous avons bien reçu votre message.")
    montree = client.get(page("repondre", echange)).content.decode()
    assert "nous voudrions opter" in montree
    saisie = {**caches(montree), "texte": "Bonjour,", "modele": modele.pk}
    insere = client.post(page("repondre", echange), {**saisie, "inserer": "oui"}).content.decode()
    assert "Bonjour,\n\nNous avons bien reçu votre message." in insere
    assert not Message.objects.filter(agent=lieu.agent, interne=False).exists()
    garde = client.post(page("repondre", echange), {**caches(insere), "texte": "Bonjour, nous avons bien reçu."})
    assert garde["Location"] == page("repondre-relire", echange)
    relue = client.get(garde["Location"]).content.decode()
    assert "Bonjour, nous avons bien reçu." in relue
    assert client.post(page("repondre-relire", echange), caches(relue))["Location"] == page("change", echange)
    assert Message.objects.get(agent=lieu.agent, interne=False).texte == "Bonjour, nous avons bien reçu."


@pytest.mark.parametrize("champs", [{"vu": "x"}, {"modele": "abc"}, {"texte": "\x00"}, {}])
def test_une_saisie_etrange_se_montre_et_n_envoie_rien(
    client: Client, lieu: Scene, echange: Echange, champs: dict[str, str]
) -> None:
    assert client.post(page("repondre", echange), champs).status_code == 200
    assert not Message.objects.filter(agent=lieu.agent, interne=False).exists()


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
