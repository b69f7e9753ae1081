"""What the desk asks of the journal reads an index of its own, however many moves and resets the country has had."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import actes
from accounts.gestion.acteurs import ACCES_TOUCHE, agents_lies
from accounts.gestion.cessions import cessions_de
from accounts.traces.journal import consigner
from services.actes import PERSONNE_RATTACHEE
from tests.factories import AgentFactory, ServiceGestionnaireFactory

pytestmark = pytest.mark.django_db
INSERER = """INSERT INTO accounts_evenement (quand, acte, auteur, espace, siren, service, requete, details)
SELECT now() - interval '1 year', %s, 'agent:' || (1000000 + n), '', '', '', '', %s::jsonb FROM generate_series(1, 20000) n"""


def plan_de(lire: Callable[[], object]) -> str:
    """Return how PostgreSQL answers the one statement of this reading."""
    with CaptureQueriesContext(connection) as requetes:
        lire()
    (requete,) = requetes.captured_queries
    with connection.cursor() as curseur:
        curseur.execute("EXPLAIN " + requete["sql"])
        return "\n".join(ligne for (ligne,) in curseur.fetchall())


def remplir(acte: str, details: str) -> None:
    with connection.cursor() as curseur:
        curseur.execute(INSERER, [acte, details])
        curseur.execute("ANALYZE accounts_evenement")


def test_ce_qu_un_service_a_cede_parmi_les_cessions_du_pays() -> None:
    service = ServiceGestionnaireFactory()
    with transaction.atomic():
        consigner(PERSONNE_RATTACHEE, auteur="systeme:essai", details={"de": service.code, "vers": "X", "motif": "m"})
    remplir(PERSONNE_RATTACHEE.code, '{"de": "AILLEURS", "vers": "Y", "motif": "m"}')
    assert [ligne.details["vers"] for ligne in cessions_de(service)] == ["X"]
    assert "evenement_cession" in (plan := plan_de(lambda: cessions_de(service))), plan


def test_qui_a_tenu_l_acces_de_qui_parmi_tous_les_actes_passes() -> None:
    chef, agent = AgentFactory(), AgentFactory()
    details = {"agent": agent.pk, "preuve": "carte"}
    with transaction.atomic():
        consigner(actes.AGENT_REINITIALISE, auteur=chef, details=details)
    remplir(actes.AGENT_REINITIALISE.code, f'{{"agent": {agent.pk}, "preuve": "carte"}}')
    assert agents_lies(agent) == {agent.pk, chef.pk}
    apres = timezone.now() + ACCES_TOUCHE + timedelta(days=1)
    assert "evenement_acces_agent" in (plan := plan_de(lambda: agents_lies(agent, apres))), plan
