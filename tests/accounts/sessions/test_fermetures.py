"""What a session rests on changes: the act itself closes the sessions, in its one transaction (CGU §3.3, issue 8 item 5)."""

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from accounts.facteurs.second_facteur import tirer_codes_secours
from accounts.gestion.agents import changer_mot_de_passe_agent, reinitialiser_agent
from accounts.models import Compte, Session
from accounts.models.sessions_base import empreinte
from accounts.mots_de_passe.confiance import changer_reponse
from accounts.mots_de_passe.politique import changer_mot_de_passe, invalider_mot_de_passe
from tests.factories import MOT_DE_PASSE, AgentFactory, EspaceFactory

NOUVEAU = "brouillard kayak 81 moutarde violon"
pytestmark = pytest.mark.django_db


def ouvrir(compte: Compte) -> str:
    """Open a session of this account and return its key."""
    client = Client()
    client.force_login(compte, backend="accounts.portes.connexion.CompteBackend")
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def ouvertes(compte: Compte) -> set[str]:
    return set(Session.objects.filter(compte=compte).values_list("session_key", flat=True))


def _mot_de_passe(compte: Compte, garder: str | None) -> Any:
    return changer_mot_de_passe(acteur=compte, nouveau=NOUVEAU, garder=garder)


def _reponse(compte: Compte, garder: str | None) -> Any:
    return changer_reponse(
        acteur=compte.espace,
        question="PHRASE",
        reponse="trombone glacier mandarine",
        mot_de_passe=MOT_DE_PASSE,
        garder=garder,
    )


def _mot_de_passe_agent(compte: Compte, garder: str | None) -> Any:
    return changer_mot_de_passe_agent(acteur=compte.agent, nouveau=NOUVEAU, garder=garder)


@pytest.mark.parametrize("acte", [_mot_de_passe, _reponse, _mot_de_passe_agent])
@pytest.mark.parametrize("garde", [True, False])
def test_l_acte_ferme_les_autres_sessions(acte: Callable[[Compte, str | None], Any], garde: bool) -> None:
    compte = (AgentFactory() if acte is _mot_de_passe_agent else EspaceFactory()).compte
    temoin = EspaceFactory().compte
    mienne, _, _ = ouvrir(compte), ouvrir(compte), ouvrir(temoin)
    acte(compte, mienne if garde else None)
    assert ouvertes(compte) == ({empreinte(mienne)} if garde else set())
    assert len(ouvertes(temoin)) == 1


def test_un_mot_de_passe_rendu_inutilisable_ferme_tout() -> None:
    compte = EspaceFactory().compte
    ouvrir(compte)
    invalider_mot_de_passe(acteur=compte)
    assert not ouvertes(compte)


def test_un_agent_repris_du_debut_n_a_plus_de_session() -> None:
    agent = AgentFactory()
    tirer_codes_secours(agent.compte)
    ouvrir(agent.compte)
    reinitialiser_agent(acteur="operateur", agent=agent, preuve="CARTE")
    assert not ouvertes(agent.compte)
