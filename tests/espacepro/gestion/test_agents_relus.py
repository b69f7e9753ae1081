"""Every act of an agent reads the agent again, under a lock, before anything else: what a page was shown to is a memory."""

import ast
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Agent, Compte
from accounts.traces.agents_relus import FonctionChangee
from activation.courriers.remise import remettre, renvoyer
from activation.models import Remise
from habilitations.depart.retraits import AgentNonCompetent, retirer_adhesion, retirer_adhesions
from habilitations.models import Adhesion
from tests.factories import AgentFactory, EspaceFactory, PersonneFactory, habiliter
from tests.sources import module_de, noeuds

APPLICATIONS = ("accounts", "services", "habilitations", "activation", "surveillance", "espacepro")
# They lock the agent with another one, in the order of the keys (tests of both: test_contreseings.py, test_equipe.py).
A_DEUX = {
    "abandonner_contreseing",
    "contresigner",
    "donner_fonction",
    "refuser_contreseing",
    "reinitialiser_agent",
    "retirer_fonction",
}
COMPTENT = {"reserver_examen"}  # what an author sends is counted before his act, which reads him again, looks at it


def actes_d_agents() -> Iterator[tuple[str, list[str]]]:
    """Yield each public transaction whose `acteur` may be an agent, with its decorators, outermost first."""
    for application in APPLICATIONS:
        for fichier in Path(application).rglob("*.py"):
            for noeud in module_de(fichier).body:
                if not isinstance(noeud, ast.FunctionDef) or noeud.name.startswith("_"):
                    continue
                qui = [
                    ast.unparse(arg.annotation)
                    for arg in noeud.args.kwonlyargs
                    if arg.arg == "acteur" and arg.annotation
                ]
                decorateurs = [ast.unparse(decorateur) for decorateur in noeud.decorator_list]
                if any("Agent" in annotation.split(" | ") for annotation in qui) and decorateurs:
                    yield noeud.name, decorateurs


def test_chaque_acte_relit_son_agent_sous_verrou() -> None:
    actes = dict(actes_d_agents())
    assert len(actes) > 30
    assert actes.keys() >= A_DEUX
    sous_verrou = [[transaction, "relit_l_agent"] for transaction in ("transaction.atomic", "plafonne")]
    assert {nom for nom, par in actes.items() if par[:2] not in sous_verrou} == A_DEUX | COMPTENT


def test_aucune_page_ne_donne_le_nom_de_l_agent_a_sa_place() -> None:
    """An act that is given the name of its agent, as a job's is, could not read him again."""
    noms = []
    for application in APPLICATIONS:
        for fichier in Path(application).rglob("*.py"):
            for noeud in noeuds(module_de(fichier)):
                if isinstance(noeud, ast.keyword) and noeud.arg == "acteur" and "auteur_de" in ast.unparse(noeud.value):
                    noms.append(f"{fichier}:{noeud.value.lineno}")
    assert noms == []


@pytest.mark.django_db
def test_la_cellule_qui_n_exerce_plus_ne_remet_ni_ne_renvoie_rien(tmp_path: Path) -> None:
    agent = AgentFactory(fonction=Agent.Fonction.SURVEILLANCE)
    Remise.objects.create(reference="R-20261129-01", achevee_le=timezone.now())
    Agent.objects.filter(pk=agent.pk).update(fonction=Agent.Fonction.AUCUNE)
    with pytest.raises(FonctionChangee):
        remettre(acteur=agent, dossier=tmp_path)
    with pytest.raises(FonctionChangee):
        renvoyer(acteur=agent, reference="R-20261129-01", dossier=tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("changer", "regle"),
    [
        (lambda agent: Agent.objects.filter(pk=agent.pk).update(fonction=Agent.Fonction.AUCUNE), FonctionChangee),
        (lambda agent: Agent.objects.filter(pk=agent.pk).update(fonction=Agent.Fonction.AUDITEUR), FonctionChangee),
        (lambda agent: Compte.objects.filter(pk=agent.compte_id).update(is_active=False), FonctionChangee),
        (
            lambda agent: Agent.objects.filter(pk=agent.pk).update(
                service_gestionnaire=AgentFactory().service_gestionnaire
            ),
            AgentNonCompetent,
        ),
    ],
)
def test_l_agent_qui_a_change_entre_la_page_et_l_acte_ne_fait_rien(
    changer: Callable[[Agent], Any], regle: type[Exception]
) -> None:
    agent = AgentFactory()
    personne = PersonneFactory(service_gestionnaire=agent.service_gestionnaire)
    adhesion = habiliter(EspaceFactory(), personne=personne).adhesion
    changer(agent)
    with pytest.raises(regle):
        retirer_adhesion(acteur=agent, adhesion=adhesion)
    with pytest.raises(regle):
        retirer_adhesions(acteur=agent, adhesions=[adhesion])
    assert Adhesion.objects.ouvertes().filter(pk=adhesion.pk).exists()
