"""Two roles of the database: that of web and workers adds to the journal, reads it, and can do nothing else to it."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.checks import Tags, run_checks
from django.core.management import CommandError, call_command
from django.db import ProgrammingError, connection, transaction
from django.test import Client

from accounts.models import BlocScelle, Evenement
from accounts.traces.scellement import sceller
from accounts.traces.verification import verifier
from espacepro.demonstration.embarque import ROLE, ROLE_APPLICATION
from espacepro.demonstration.environnement import url_de_l_application
from espacepro.roles import AJOUT_SEUL, preparer_roles
from surveillance.partitions import abandonner_partitions, creer_partitions
from tests.accounts.scenes import consigner_n
from tests.role_application import role_de_l_application

pytestmark = pytest.mark.django_db


def essayer(ordre: str) -> None:
    with transaction.atomic(), connection.cursor() as curseur:
        curseur.execute(ordre)


@pytest.mark.parametrize("table", AJOUT_SEUL)
@pytest.mark.parametrize(
    "ordre",
    [
        "UPDATE {table} SET {colonne} = ''",
        "DELETE FROM {table}",
        "TRUNCATE {table}",
        "ALTER TABLE {table} DISABLE TRIGGER USER",
        "ALTER TABLE {table} DROP COLUMN {colonne}",
        "ALTER TABLE {table} OWNER TO portail_web",
        "DROP TABLE {table}",
        "CREATE TRIGGER autre AFTER INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION journal_a_sceller()",
        "CREATE RULE autre AS ON INSERT TO {table} DO INSTEAD NOTHING",
    ],
)
def test_l_application_ne_peut_que_lire_et_ajouter(table: str, ordre: str) -> None:
    consigner_n(1)
    sceller()
    with (
        role_de_l_application(),
        pytest.raises(ProgrammingError, match=r"permission denied|must be owner"),
    ):
        essayer(ordre.format(table=table, colonne="signature" if "attestation" in table else "sceau"))


@pytest.mark.parametrize(
    "ordre",
    [
        "SELECT setval('accounts_evenement_id_seq', 1)",
        "SET session_replication_role = replica",
        "CREATE OR REPLACE FUNCTION journal_immuable() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
        "DROP FUNCTION journal_a_sceller() CASCADE",
        "CREATE TABLE autre (x int)",
        "CREATE FUNCTION autre() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE ROLE autre",
        "DELETE FROM django_migrations",
    ],
)
def test_ni_autour(ordre: str) -> None:
    with role_de_l_application(), pytest.raises(ProgrammingError, match=r"permission denied|must be owner"):
        essayer(ordre)


def test_l_application_fait_tout_ce_qu_elle_faisait() -> None:
    """Writing, sealing and verifying the journal; the months of the sign-ins, which their owner makes for it."""
    with role_de_l_application():
        consigner_n(3)
        assert sceller() == 3
        assert verifier().anomalies == []
        mois = datetime(2041, 3, 2, tzinfo=UTC)
        assert creer_partitions(mois=0, maintenant=mois) == ["surveillance_connexion_2041_03"]
        assert "surveillance_connexion_2041_03" in abandonner_partitions(maintenant=datetime(2043, 1, 1, tzinfo=UTC))
    assert (Evenement.objects.count(), BlocScelle.objects.count()) == (3, 1)


def test_les_pages_des_tests_repondent_sous_ce_role(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    vus = []

    def regarder() -> bool:
        with connection.cursor() as curseur:
            curseur.execute("SELECT current_user::text")
            vus.append(curseur.fetchone()[0])
        return True

    monkeypatch.setattr("espacepro.views.sante._postgresql", regarder)
    client.get("/sante/")
    regarder()
    assert vus[0] == ROLE_APPLICATION != vus[1]


def test_se_prepare_deux_fois_et_jamais_sous_son_propre_nom(settings: Any) -> None:
    preparer_roles(role=ROLE_APPLICATION)
    settings.APPLICATION = {"USER": ROLE_APPLICATION}
    call_command("preparer_roles", verbosity=0)
    for role in ("", connection.settings_dict["USER"]):
        settings.APPLICATION = {"USER": role}
        with pytest.raises(CommandError):
            call_command("preparer_roles", verbosity=0)


def dits(**kwargs: Any) -> list[str]:
    return [message.id or "" for message in run_checks(tags=[Tags.database], **kwargs)]


def test_le_controle_de_la_production_dit_ce_que_le_role_pourrait(settings: Any) -> None:
    """`check --database default`: of the owner all, of the application's role nothing, of one that is not there that it is not."""
    settings.PRODUCTION = True
    assert dits(databases=["default"]) == [f"espacepro.W02{n}" for n in (1, 2, 3, 4)]
    assert dits(databases=[]) == [], "no database is asked unless `check` is told to"
    settings.APPLICATION = {"USER": ROLE_APPLICATION}
    assert dits(databases=["default"]) == []
    settings.APPLICATION = {"USER": "personne"}
    assert dits(databases=["default"]) == ["espacepro.W020"]
    settings.APPLICATION = {}
    with role_de_l_application():
        assert dits(databases=["default"]) == []
    essayer(f"GRANT UPDATE ON accounts_blocscelle TO {ROLE_APPLICATION}")
    essayer(f"GRANT UPDATE ON SEQUENCE accounts_evenement_id_seq TO {ROLE_APPLICATION}")
    with role_de_l_application():
        assert dits(databases=["default"]) == ["espacepro.W023"]
    settings.PRODUCTION = False
    assert dits(databases=["default"]) == []


def test_l_adresse_de_la_base_pour_l_application() -> None:
    assert url_de_l_application(f"postgres://{ROLE}@/portail?host=/x") == "postgres://portail_web@/portail?host=/x"
