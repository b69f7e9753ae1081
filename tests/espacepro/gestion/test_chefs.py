"""Another head of office is made by two agents, and never by the one who is raised (issue 14, item 6)."""

import re

import pytest
from django.urls import reverse

from accounts.gestion.chefs import AgentSansFonctionANommer, demander_nomination
from accounts.gestion.contreseings import (
    ContreseingDejaDemande,
    ContreseingQuiLeVise,
    MotifDeContreseingRequis,
    abandonner_contreseing,
    actes_graves,
    contresigner,
    refuser_contreseing,
)
from accounts.gestion.equipe import (
    AgentHorsDuService,
    ChefParDeuxAgents,
    ChefRequis,
    FonctionDejaTenue,
    PasSoiMeme,
    donner_fonction,
    retirer_fonction,
)
from accounts.models import Agent, Contreseing, Courriel, Evenement
from tests.espacepro.scenes import client_verifie
from tests.factories import AgentFactory
from tests.scenes import RACINE

pytestmark = pytest.mark.django_db
Fonction = Agent.Fonction
MOTIF = "Il remplace Mme Roux, qui part en retraite."


@pytest.fixture
def chef() -> Agent:
    return AgentFactory(fonction=Fonction.CHEF)


def collegue(chef: Agent, **champs: object) -> Agent:
    return AgentFactory(service_gestionnaire=chef.service_gestionnaire, **champs)


def test_la_liste_des_actes_graves_est_celle_de_la_documentation() -> None:
    dite = (RACINE / "docs/maison.md").read_text(encoding="utf-8").partition("compares it):\n")[2].partition("\n- ")[0]
    assert set(re.findall(r"`([A-Z_]+)`", dite)) == set(actes_graves())


def test_un_chef_n_en_fait_pas_un_autre_seul(chef: Agent) -> None:
    agent = collegue(chef)
    with pytest.raises(ChefParDeuxAgents):
        donner_fonction(acteur=chef, agent=agent, fonction=Fonction.CHEF)
    demande = demander_nomination(acteur=chef, agent=agent, motif=MOTIF)
    agent.refresh_from_db()
    assert (agent.fonction, demande.etat) == (Fonction.GESTIONNAIRE, Contreseing.Etat.DEMANDE)
    with pytest.raises(ContreseingDejaDemande):
        demander_nomination(acteur=chef, agent=agent, motif=MOTIF)


def test_un_second_agent_la_contresigne_jamais_celui_qu_elle_vise(chef: Agent) -> None:
    agent, second = collegue(chef), collegue(chef)
    demande = demander_nomination(acteur=chef, agent=agent, motif=MOTIF)
    assert not demande.a_la_cellule
    for geste in (contresigner, lambda **k: refuser_contreseing(**k, reponse="non")):
        with pytest.raises(ContreseingQuiLeVise):
            geste(acteur=agent, contreseing=demande)
    pris = client_verifie(agent).post(reverse("admin:prendre_suivante", args=["CONTRESEING"]), follow=True)
    assert "un autre agent les examine" in pris.content.decode()
    contresigner(acteur=second, contreseing=demande)
    agent.refresh_from_db()
    assert agent.fonction == Fonction.CHEF
    ligne = Evenement.objects.get(acte="agent.fonction")
    assert (ligne.auteur, ligne.details["fonction"]) == (f"agent:{chef.pk}", "chef de service")
    assert Evenement.objects.get(acte="contreseing.donne").auteur == f"agent:{second.pk}"
    assert Courriel.objects.get(genre="agent_fonction").destinataire == agent.compte.email


def test_a_deux_dans_le_service_la_cellule_est_le_second_regard_aussitot(chef: Agent) -> None:
    agent = collegue(chef)
    demande = demander_nomination(acteur=chef, agent=agent, motif=MOTIF)
    assert demande.a_la_cellule
    contresigner(acteur=AgentFactory(fonction=Fonction.SURVEILLANCE), contreseing=demande)
    agent.refresh_from_db()
    assert agent.fonction == Fonction.CHEF


def test_qui_ne_se_nomme_pas(chef: Agent) -> None:
    agent = collegue(chef)
    for acteur, vise, regle in (
        (agent, collegue(chef), ChefRequis),
        (chef, chef, PasSoiMeme),
        (chef, AgentFactory(), AgentHorsDuService),
        (chef, collegue(chef, fonction=Fonction.CHEF), FonctionDejaTenue),
        (chef, collegue(chef, fonction=Fonction.AUCUNE), AgentSansFonctionANommer),
    ):
        with pytest.raises(regle):
            demander_nomination(acteur=acteur, agent=vise, motif=MOTIF)
    with pytest.raises(MotifDeContreseingRequis):
        demander_nomination(acteur=chef, agent=agent, motif=" ")
    assert not Contreseing.objects.exists()


def test_ce_qui_a_change_entre_les_deux_regards_arrete_la_nomination(chef: Agent) -> None:
    agent, second, autre = collegue(chef), collegue(chef), collegue(chef, fonction=Fonction.CHEF)
    demande = demander_nomination(acteur=chef, agent=agent, motif=MOTIF)
    retirer_fonction(acteur=autre, agent=agent)
    with pytest.raises(AgentSansFonctionANommer):
        contresigner(acteur=second, contreseing=demande)
    abandonner_contreseing(acteur=chef, contreseing=demande)
    agent.refresh_from_db()
    assert agent.fonction == Fonction.AUCUNE


def test_par_les_pages(chef: Agent) -> None:
    agent, second = collegue(chef), collegue(chef)
    page = reverse("admin:accounts_agent_nommer-chef", args=[agent.pk])
    client = client_verifie(chef)
    assert "examine votre demande" in client.get(page).content.decode()
    assert client.post(page, {"motif": ""}).context["formulaire"].errors["motif"]
    assert client.post(page, {"motif": MOTIF}).status_code == 302
    demande = Contreseing.objects.get()
    autre = client_verifie(second)
    vue = autre.get(reverse("admin:accounts_contreseing_contresigner", args=[demande.pk])).content.decode()
    assert str(agent) in vue
    assert autre.post(reverse("admin:accounts_contreseing_contresigner", args=[demande.pk])).status_code == 302
    agent.refresh_from_db()
    assert agent.fonction == Fonction.CHEF
    assert client.get(page).status_code == 302, "he is one already"
