"""Returned letters recorded with a hand scanner, one after the other."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import Affaire, Agent, Evenement
from accounts.saisies.dates import jour
from activation.demandes.retours import constater_retour
from activation.models import Courrier, Demande
from tests.espacepro.scenes import client_verifie, deposer
from tests.factories import AgentFactory, EspaceFactory, PersonneFactory

pytestmark = pytest.mark.django_db
PAGE = "admin:lettres_revenues"


@pytest.fixture
def agent() -> Agent:
    return AgentFactory()


def partie(agent: Agent, rang: int) -> Courrier:
    """A letter that has left, for a company of this agent's office."""
    courrier = deposer(
        PersonneFactory(service_gestionnaire=agent.service_gestionnaire, denomination=f"REVENUE {rang}"),
        EspaceFactory(),
        rang,
    )
    maintenant = timezone.now()
    courrier.demande.reference = f"D-2026-7E8SRTU{rang}"
    courrier.demande.save()
    Courrier.objects.filter(pk=courrier.pk).update(
        etat="REMIS", edite_le=maintenant, remis_le=maintenant, expire_le=maintenant + timedelta(days=60)
    )
    return courrier


def test_une_serie_se_scanne_sans_quitter_la_page(agent: Agent) -> None:
    lettres = [partie(agent, rang) for rang in (2, 3, 4)]
    client = client_verifie(agent)
    for lettre in lettres:
        reponse = client.post(reverse(PAGE), {"numero_lettre": f"{lettre.demande.reference}-1\n"})
        assert reponse["Location"] == reverse(PAGE)
    texte = client.get(reverse(PAGE)).content.decode()
    assert texte.index("REVENUE 4") < texte.index("REVENUE 3") < texte.index("REVENUE 2")
    assert "autofocus" in texte
    assert not Courrier.objects.exclude(etat="NPAI").exists()
    assert Evenement.objects.filter(acte="courrier.revenu", auteur=f"agent:{agent.pk}").count() == 3


def test_les_dates_d_une_lettre_revenue_disent_une_seule_histoire(agent: Agent) -> None:
    """It left one day, came back another: the queue, the page of the company and that of the letter say the second."""
    lettre = partie(agent, 2)
    hier = timezone.now() - timedelta(days=1)
    Courrier.objects.filter(pk=lettre.pk).update(remis_le=hier - timedelta(days=20))
    constater_retour(acteur=agent, courrier=lettre, maintenant=hier)
    assert Affaire.objects.get(file="NPAI", cle=str(lettre.pk)).depuis == hier
    page = reverse("admin:services_personnesirenisee_change", args=[lettre.demande.personne_id])
    dite = client_verifie(agent).get(page).content.decode().partition(">n° 1")[2].partition("</td>")[0]
    assert f"indiquée) le {jour(hier)}" in dite.replace("\xa0", " ")


def test_le_numero_refuse_est_celui_que_le_suivant_remplace(agent: Agent) -> None:
    """What the script selects, and what comes first without it: the field is written where the focus goes."""
    page = client_verifie(agent).post(reverse(PAGE), {"numero_lettre": "bonjour"}).content.decode()
    champ = re.search(r'<input[^>]*name="numero_lettre"[^>]*>', page)
    assert champ is not None
    assert "data-selection" in champ[0]
    assert "autofocus" in champ[0]
    assert 'value="bonjour"' in champ[0], "nothing typed is lost"


def test_ce_qui_ne_se_scanne_pas_se_dit(agent: Agent) -> None:
    lettre, ailleurs = partie(agent, 2), partie(AgentFactory(), 3)
    client = client_verifie(agent)
    client.post(reverse(PAGE), {"numero_lettre": "D-2026-7E8SRTU2-1"})
    for saisie, dit in (
        ("", "Présentez une lettre"),
        ("bonjour", "numéro d’une lettre"),
        ("D-2026-7E8SRTU3-1", "Aucune lettre de votre service"),
        ("D-2026-7E8SRTU9-1", "Aucune lettre de votre service"),
        ("D-2026-7E8SRTU2-1", "déjà enregistrée comme revenue"),
    ):
        texte = client.post(reverse(PAGE), {"numero_lettre": saisie}).content.decode()
        assert dit in texte, saisie
        assert "REVENUE 3" not in texte
    ailleurs.refresh_from_db()
    assert (Courrier.objects.get(pk=lettre.pk).etat, ailleurs.etat) == ("NPAI", "REMIS")


def test_qui_n_agit_pour_aucun_bureau_n_y_entre_pas() -> None:
    for fonction in (Agent.Fonction.SURVEILLANCE, Agent.Fonction.AUDITEUR):
        client = client_verifie(AgentFactory(fonction=fonction))
        assert client.get(reverse(PAGE)).status_code == 404
        assert client.post(reverse(PAGE), {"numero_lettre": "D-2026-7E8SRTU2-1"}).status_code == 404


def test_la_lettre_revenue_mene_a_l_adresse_puis_a_la_suivante(agent: Agent) -> None:
    """Taken from its queue, it is no dead end: the company, its address, then another letter (walk of the desk)."""
    lettre = partie(agent, 2)
    demande = lettre.demande
    Demande.objects.filter(pk=demande.pk).update(etat=Demande.Etat.CODE_ENVOYE)
    client = client_verifie(agent)
    fiche = reverse("admin:activation_courrier_change", args=[lettre.pk])
    adresse = reverse("admin:services_personnesirenisee_adresse", args=[demande.personne_id])
    suivante = reverse("admin:activation_demande_nouvelle-lettre", args=[demande.pk])
    texte = client.get(fiche).content.decode()
    assert f'href="{adresse}"' not in texte, "it has not come back"
    constater_retour(acteur=agent, courrier=lettre)
    texte = client.get(fiche).content.decode()
    assert f'href="{reverse("admin:services_personnesirenisee_change", args=[demande.personne_id])}"' in texte
    assert 0 < texte.find(f'href="{adresse}"') < texte.find(f'href="{suivante}"')
    saisie = {
        "voie": "3 rue des Lilas",
        "code_postal": "75011",
        "commune": "Paris",
        "justificatif": "Extrait Kbis",
        "motif": "La lettre est revenue.",
    }
    apres = client.post(adresse, saisie, follow=True).content.decode()
    assert f'<a href="{suivante}">Envoyer une nouvelle lettre pour la demande {demande.reference}</a>' in apres
    autre = reverse("admin:activation_courrier_change", args=[lettre.pk])
    cellule = client_verifie(AgentFactory(fonction=Agent.Fonction.SURVEILLANCE))
    assert suivante not in cellule.get(autre).content.decode(), "who reads and does not act"
    Courrier.objects.filter(pk=lettre.pk).update(numero=3)
    texte = client.get(fiche).content.decode()
    assert adresse in texte
    assert suivante not in texte, "three letters are the most"
