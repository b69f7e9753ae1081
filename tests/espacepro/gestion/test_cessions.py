"""What an office gave to another: the move stays in its journal, the rest of the company's is the other's (issue 14, item 4)."""

import pytest
from django.db import transaction
from django.urls import reverse

from accounts.models import Agent, Evenement
from accounts.traces.journal import consigner
from services import actes
from services.models import PersonneSirenisee
from services.registre.rattachement import rattacher_personne
from tests.espacepro.scenes import client_verifie
from tests.factories import AgentFactory, PersonneFactory, ServiceGestionnaireFactory

pytestmark = pytest.mark.django_db
JOURNAL = "admin:accounts_evenement_changelist"


@pytest.fixture
def chef() -> Agent:
    bureau = ServiceGestionnaireFactory(departements="75")
    return AgentFactory(service_gestionnaire=bureau, fonction=Agent.Fonction.CHEF)


@pytest.fixture
def partie(chef: Agent) -> PersonneSirenisee:
    """A company that the head gave to another office, with a line of before and one of after."""
    objet = PersonneFactory(service_gestionnaire=chef.service_gestionnaire, code_postal="75002")
    ecrire(objet)
    vers = ServiceGestionnaireFactory(nom="SIE de Lyon", departements="75 69")
    rattacher_personne(acteur=chef, personne=objet, vers=vers, motif="Siège à Lyon.")
    ecrire(objet)
    return objet


def ecrire(objet: PersonneSirenisee) -> None:
    with transaction.atomic():
        consigner(actes.ADRESSE_COURRIER_RETIREE, auteur="systeme:essai", siren=objet.siren)


def lignes(agent: Agent, **adresse: str) -> list[str]:
    reponse = client_verifie(agent).get(reverse(JOURNAL), adresse)
    assert reponse.status_code == 200
    return [ligne.acte for ligne in reponse.context["cl"].result_list]


def test_le_service_qui_a_donne_lit_le_depart_dans_son_journal_et_rien_d_autre(
    chef: Agent, partie: PersonneSirenisee
) -> None:
    gardee = PersonneFactory(service_gestionnaire=chef.service_gestionnaire)
    ecrire(gardee)
    assert lignes(chef) == ["adresse_courrier.retiree", "personne.rattachee"], "in the order of the journal"
    assert lignes(chef, q=partie.siren) == ["personne.rattachee"]
    assert lignes(chef, q="rattachée à un autre") == ["personne.rattachee"]
    assert lignes(chef, q=gardee.siren) == ["adresse_courrier.retiree"]
    depart = Evenement.objects.get(acte="personne.rattachee")
    client = client_verifie(chef)
    fiche = client.get(reverse("admin:accounts_evenement_change", args=[depart.pk]))
    assert "Siège à Lyon." in fiche.content.decode()
    autre = Evenement.objects.filter(siren=partie.siren, acte="adresse_courrier.retiree").latest("pk")
    assert client.get(reverse("admin:accounts_evenement_change", args=[autre.pk])).status_code == 302
    assert client.get(reverse("admin:accounts_evenement_change", args=[10**25])).status_code == 302


def test_page_par_page_chaque_depart_est_a_sa_place_une_fois(chef: Agent, partie: PersonneSirenisee) -> None:
    gardee = PersonneFactory(service_gestionnaire=chef.service_gestionnaire)
    for _ in range(60):
        ecrire(gardee)
    premiere, seconde = lignes(chef), lignes(chef, p="2")
    assert (premiere.count("personne.rattachee"), seconde.count("personne.rattachee")) == (0, 1)
    assert seconde[-1] == "personne.rattachee"
    assert len(premiere) + len(seconde) == 61


def test_le_service_qui_recoit_lit_tout_et_les_autres_rien(partie: PersonneSirenisee) -> None:
    recoit = AgentFactory(service_gestionnaire=partie.service_gestionnaire.__class__.objects.get(nom="SIE de Lyon"))
    assert lignes(recoit) == ["adresse_courrier.retiree", "personne.rattachee", "adresse_courrier.retiree"]
    assert lignes(AgentFactory()) == []
