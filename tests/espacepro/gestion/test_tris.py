"""Who reads the rows of the whole country sorts and searches by what has its index: no list reads a table whole (issue 12.1)."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Agent
from tests.espacepro.scenes import client_verifie
from tests.factories import AgentFactory

pytestmark = pytest.mark.django_db
JOURNAL = "admin:accounts_evenement_changelist"


@pytest.mark.parametrize("fonction", [Agent.Fonction.SURVEILLANCE, Agent.Fonction.AUDITEUR])
@pytest.mark.parametrize(
    ("tri", "ordre"),
    [
        ("0", '"id" ASC'),
        ("-0", '"id" DESC'),
        ("1", '"acte" ASC, "id" DESC'),
        ("-1", '"acte" DESC, "id" ASC'),
        ("4.1", '"siren" ASC, "id" DESC'),
    ],
)
def test_le_journal_du_pays_se_trie_par_un_index(fonction: str, tri: str, ordre: str) -> None:
    client = client_verifie(AgentFactory(fonction=fonction))
    with CaptureQueriesContext(connection) as requetes:
        assert client.get(reverse(JOURNAL), {"o": tri}).status_code == 200
    lues = [r["sql"].replace('"accounts_evenement".', "") for r in requetes if 'FROM "accounts_evenement"' in r["sql"]]
    assert any(lue.endswith(f"ORDER BY {ordre}") for lue in lues), lues


def test_une_colonne_sans_index_n_y_trie_rien() -> None:
    client = client_verifie(AgentFactory(fonction=Agent.Fonction.SURVEILLANCE))
    assert client.get(reverse(JOURNAL), {"o": "5"}).status_code == 400
    demandes = client.get(reverse("admin:activation_demande_changelist")).context["cl"]
    assert demandes.sortable_by == ("reference",), "it alone has its index"
    assert client.get(reverse("admin:activation_demande_changelist"), {"o": "2"}).status_code == 400
    assert client.get(reverse("admin:services_service_changelist"), {"o": "2"}).status_code == 200, "few rows"


@pytest.mark.parametrize("recherche", ["zzz", "99999999999999", "D-2026-00000001"])
def test_ce_que_le_journal_cherche_est_une_cle_entiere(recherche: str) -> None:
    client = client_verifie(AgentFactory(fonction=Agent.Fonction.SURVEILLANCE))
    with CaptureQueriesContext(connection) as requetes:
        assert client.get(reverse(JOURNAL), {"q": recherche}).status_code == 200
    lues = [r["sql"] for r in requetes if 'FROM "accounts_evenement"' in r["sql"] and recherche in r["sql"]]
    assert lues
    assert not [lue for lue in lues if "LIKE" in lue.upper()]
