"""Another letter, sent by an agent: at once, whatever the delay and the number; the holder's own act at the same time."""

import html
from collections.abc import Callable

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from accounts.models import Agent, Courriel, Evenement
from accounts.traces.acteurs import Visiteur
from activation.courriers.codes import CodeRemplace, CodeSuspendu, deriver_code
from activation.demandes.activation import activer
from activation.demandes.attente import DemandeTerminee, PlusDeCourrier, TropTotPourUnCourrier
from activation.demandes.retours import AgentNonCompetent, MotifRequis
from activation.demandes.signalements import signaler
from activation.demandes.suites import (
    LettreEnPreparation,
    annuler_demande,
    demander_nouveau_courrier,
    renvoyer_courrier,
)
from activation.models import Courrier, Demande
from services.adresses.saisie import Saisie, saisir_adresse
from tests.activation import scenes
from tests.espacepro.scenes import client_verifie
from tests.factories import AgentFactory, PersonneFactory
from tests.scenes import en_parallele

pytestmark = pytest.mark.django_db
MOTIF = "Lettre jamais arrivée."


def agent_de(demande: Demande) -> Agent:
    agent: Agent = AgentFactory(service_gestionnaire=demande.personne.service_gestionnaire)
    return agent


@pytest.fixture
def courrier() -> Courrier:
    return scenes.editer(scenes.adhesion(None, PersonneFactory()))


def test_l_adresse_corrigee_une_nouvelle_lettre_y_part(courrier: Courrier) -> None:
    """From the page of the demande: where it goes is shown, the requester is told in the agent's words."""
    demande, agent = courrier.demande, agent_de(courrier.demande)
    saisir_adresse(
        acteur=agent,
        personne=demande.personne,
        saisie=Saisie(voie="3 RUE NEUVE", code_postal="75011", commune="PARIS"),
        motif="Déménagement",
        justificatif="Extrait Kbis",
    )
    client = client_verifie(agent)
    adresse = reverse("admin:activation_demande_nouvelle-lettre", args=[demande.pk])
    assert (
        f'href="{adresse}"'
        in client.get(reverse("admin:activation_demande_change", args=[demande.pk])).content.decode()
    )
    assert "3 RUE NEUVE" in client.get(adresse).content.decode()
    assert "Indiquez le motif" in html.unescape(client.post(adresse, {"motif": " "}).content.decode())
    client.post(adresse, {"motif": MOTIF})
    seconde = demande.courriers.get(remplace_le=None)
    assert seconde.numero == 2
    assert Evenement.objects.get(acte="courrier.renvoye").details["motif"] == MOTIF
    courriel = Courriel.objects.get(genre="courrier_renvoye")
    assert (courriel.destinataire, courriel.contexte["motif"]) == (demande.espace.compte.email, MOTIF)
    # The button goes while that one is being made.
    assert (
        f'href="{adresse}"'
        not in client.get(reverse("admin:activation_demande_change", args=[demande.pk])).content.decode()
    )


def test_l_ancien_code_ne_vaut_plus(courrier: Courrier) -> None:
    demande = courrier.demande
    renvoyer_courrier(acteur=agent_de(demande), demande=demande, motif=MOTIF)
    scenes.editer(demande)
    with pytest.raises(CodeRemplace):
        activer(acteur=demande.espace, demande=demande, saisie=deriver_code(demande=demande.pk, numero=1))
    activer(acteur=demande.espace, demande=demande, saisie=deriver_code(demande=demande.pk, numero=2))


def test_sans_attendre_quinze_jours_mais_trois_lettres_au_plus(courrier: Courrier) -> None:
    """The delay is the holder's alone; three letters are the most whoever sends them (R9, and the database)."""
    demande, agent = courrier.demande, agent_de(courrier.demande)
    with pytest.raises(TropTotPourUnCourrier):
        demander_nouveau_courrier(acteur=demande.espace, demande=demande)
    for numero in (2, 3):
        assert renvoyer_courrier(acteur=agent, demande=demande, motif=MOTIF).numero == numero
        scenes.editer(demande)
    with pytest.raises(PlusDeCourrier):
        renvoyer_courrier(acteur=agent, demande=demande, motif=MOTIF)


def test_ce_qui_est_refuse(courrier: Courrier) -> None:
    demande, agent = courrier.demande, agent_de(courrier.demande)
    with pytest.raises(AgentNonCompetent):
        renvoyer_courrier(acteur=AgentFactory(), demande=demande, motif=MOTIF)
    for motif in (" ", "x" * 301):
        with pytest.raises(MotifRequis):
            renvoyer_courrier(acteur=agent, demande=demande, motif=motif)
    renvoyer_courrier(acteur=agent, demande=demande, motif=MOTIF)
    with pytest.raises(LettreEnPreparation):
        renvoyer_courrier(acteur=agent, demande=demande, motif=MOTIF)
    annuler_demande(acteur=demande.espace, demande=demande)
    with pytest.raises(DemandeTerminee):
        renvoyer_courrier(acteur=agent, demande=demande, motif=MOTIF)


def test_jamais_pendant_qu_un_signalement_suspend_le_code(courrier: Courrier) -> None:
    signaler(
        acteur=Visiteur(adresse_ip="203.0.113.7"),
        saisie=courrier.contenu["a_signaler"],
        adresse_ip="203.0.113.7",
    )
    with pytest.raises(CodeSuspendu):
        renvoyer_courrier(acteur=agent_de(courrier.demande), demande=courrier.demande, motif=MOTIF)


@pytest.mark.django_db(transaction=True)
def test_agents_qui_renvoient_contre_demandeur_qui_annule(tours: Callable[[int], int]) -> None:
    """Sixteen at once: one more letter at most, none for a demande that was cancelled, and one live letter always."""
    for _ in range(tours(200)):
        demande = scenes.adhesion(None, PersonneFactory())
        maintenant = timezone.now()
        Courrier.objects.filter(demande=demande).update(
            etat="EDITE", edite_le=maintenant, expire_le=maintenant + settings.CODE_VALIDITE
        )
        agent = agent_de(demande)

        def courir(rang: int, d: Demande = demande, a: Agent = agent) -> object:
            if rang % 4 == 0:
                return annuler_demande(acteur=d.espace, demande=d)
            return renvoyer_courrier(acteur=a, demande=d, motif=MOTIF)

        resultats = en_parallele(16, courir)
        refus = {type(r) for r in resultats if isinstance(r, Exception)}
        assert refus <= {LettreEnPreparation, DemandeTerminee}, resultats
        lettres = demande.courriers.all()
        assert lettres.count() <= 2
        assert lettres.filter(remplace_le=None).count() == 1
        assert Evenement.objects.filter(acte="demande.annulee", espace=demande.espace.numero_abonne).count() == 1
