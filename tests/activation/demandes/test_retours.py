"""What an agent says: the letter came back (NPAI), the demande is refused."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.envois import courriels
from accounts.models import Agent, Courriel, Espace, Evenement
from activation.courriers.codes import CourrierRevenu
from activation.demandes.activation import activer
from activation.demandes.attente import DemandeTerminee
from activation.demandes.retours import (
    AgentNonCompetent,
    CourrierDejaRevenu,
    CourrierSansRetour,
    MotifRequis,
    constater_retour,
    refuser_demande,
    retour_possible,
)
from activation.demandes.suites import annuler_demande, demander_nouveau_courrier
from activation.models import Courrier, Demande
from tests.activation import scenes
from tests.factories import AgentFactory, PersonneFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def courrier() -> Courrier:
    courrier = scenes.editer(scenes.adhesion())
    scenes.remettre(courrier, timezone.now())
    return courrier


@pytest.fixture
def agent(courrier: Courrier) -> Agent:
    return AgentFactory(service_gestionnaire=courrier.demande.personne.service_gestionnaire)


def test_retour(courrier: Courrier, agent: Agent, client_de) -> None:
    demande = courrier.demande
    constater_retour(acteur=agent, courrier=courrier)
    courrier.refresh_from_db()
    assert courrier.etat == Courrier.Etat.NPAI
    assert Evenement.objects.get(acte="courrier.revenu").auteur == f"agent:{agent.pk}"
    assert "n’a pas pu être remis" in courriels.composer(Courriel.objects.get(genre="courrier_revenu")).body
    with pytest.raises(CourrierRevenu):
        activer(acteur=demande.espace, demande=demande, saisie=scenes.code(demande))
    page = client_de(demande.espace).get(reverse("demande", args=[demande.reference])).content.decode()
    assert "Le courrier est revenu" in page
    assert "Demander un nouveau courrier" in page
    assert 'name="code"' not in page
    assert "courrier revenu" in page
    assert "code envoyé" not in page
    assert "arrive pas" not in page, "it has come back"
    assert page.index("faites corriger l") < page.index("Demander un nouveau courrier")
    liste = client_de(demande.espace).get(reverse("demandes")).content.decode()
    assert "courrier revenu" in liste
    demander_nouveau_courrier(acteur=demande.espace, demande=demande)
    scenes.editer(demande)
    assert activer(acteur=demande.espace, demande=demande, saisie=scenes.code(demande)).adhesions


def test_le_code_d_un_courrier_revenu_ne_coute_pas_d_essai(courrier: Courrier, agent: Agent) -> None:
    constater_retour(acteur=agent, courrier=courrier)
    with pytest.raises(CourrierRevenu):
        activer(acteur=courrier.demande.espace, demande=courrier.demande, saisie=scenes.code(courrier.demande))
    courrier.refresh_from_db()
    assert courrier.essais == 0


def test_agent_d_un_autre_service(courrier: Courrier) -> None:
    for acte in (
        lambda agent: constater_retour(acteur=agent, courrier=courrier),
        lambda agent: refuser_demande(acteur=agent, demande=courrier.demande, motif="Usurpation"),
    ):
        with pytest.raises(AgentNonCompetent):
            acte(AgentFactory())


@pytest.mark.parametrize(
    ("cas", "dit"),
    [
        ("pas_edite", "elle n’est pas encore éditée"),
        ("pas_remis", "n’a pas encore été remise à La Poste"),
        ("deja_revenu", "est déjà enregistrée comme revenue le "),
        ("remplace", "ce papier est à détruire"),
    ],
)
def test_retour_impossible(courrier: Courrier, agent: Agent, cas: str, dit: str) -> None:
    """What was never handed over cannot come back: its code lives (walk of the desk)."""
    if cas == "pas_edite":
        courrier = scenes.adhesion(None, courrier.demande.personne).courriers.get()
    elif cas == "pas_remis":
        courrier = scenes.editer(scenes.adhesion(None, courrier.demande.personne))
    elif cas == "deja_revenu":
        constater_retour(acteur=agent, courrier=courrier)
    elif cas == "remplace":
        demander_nouveau_courrier(
            acteur=courrier.demande.espace, demande=courrier.demande, maintenant=timezone.now() + timedelta(days=15)
        )
    courrier.refresh_from_db()
    etat = courrier.etat
    assert not retour_possible(courrier)
    with pytest.raises((CourrierSansRetour, CourrierDejaRevenu), match=dit):
        constater_retour(acteur=agent, courrier=courrier)
    courrier.refresh_from_db()
    assert courrier.etat == etat


def test_retour_d_une_demande_terminee(courrier: Courrier, agent: Agent) -> None:
    annuler_demande(acteur=courrier.demande.espace, demande=courrier.demande)
    with pytest.raises(DemandeTerminee):
        constater_retour(acteur=agent, courrier=courrier)


def test_refus(courrier: Courrier, agent: Agent, client_de) -> None:
    demande = refuser_demande(acteur=agent, demande=courrier.demande, motif="  L'entreprise\nne vous connaît pas. ")
    demande.refresh_from_db()
    assert (demande.etat, demande.motif_refus) == (Demande.Etat.REFUSEE, "L'entreprise ne vous connaît pas.")
    assert "ne vous connaît pas" in courriels.composer(Courriel.objects.get(genre="demande_refusee")).body
    with pytest.raises(DemandeTerminee):
        activer(acteur=demande.espace, demande=demande, saisie=scenes.code(demande))
    page = client_de(demande.espace).get(reverse("demande", args=[demande.reference])).content.decode()
    assert "ne vous connaît pas" in page


@pytest.mark.parametrize("motif", ["", "  \n ", "x" * 301])
def test_refus_sans_motif(courrier: Courrier, agent: Agent, motif: str) -> None:
    with pytest.raises(MotifRequis):
        refuser_demande(acteur=agent, demande=courrier.demande, motif=motif)


def test_refus_d_une_creation_fait_tomber_l_espace() -> None:
    scenes.services_du_bouquet()
    personne = PersonneFactory()
    espace = scenes.inscrire(personne)
    demande = scenes.confirmer(espace)
    refuser_demande(
        acteur=AgentFactory(service_gestionnaire=personne.service_gestionnaire), demande=demande, motif="Usurpation"
    )
    espace.refresh_from_db()
    assert espace.etat == Espace.Etat.SUPPRIME
    assert Courriel.objects.filter(genre="demande_refusee", destinataire=scenes.LOGIN).exists()
