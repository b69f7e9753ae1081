"""GET writes nothing but what docs/maison.md names; the statements it may send are a closed list."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.db import DatabaseError, connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Compte, Espace, Session
from espacepro.middleware import EcritureSurLecture, est_une_lecture

Ouvrir = Callable[[Espace], Client]

LECTURES = [
    'SELECT "a"."b" FROM "a"',
    "(SELECT 1) UNION (SELECT 2)",
    "SELECT 1 WHERE x = 'DELETE FROM a; --'",
    'SELECT "update" FROM "into"',
    r"SELECT E'it\'s; DELETE FROM a'",
    "SELECT $$; DELETE FROM a$$",
    "WITH a AS (SELECT 1) SELECT * FROM a",
    'SAVEPOINT "s1"',
    'RELEASE SAVEPOINT "s1"',
    'ROLLBACK TO SAVEPOINT "s1"',
    'INSERT INTO "accounts_session" ("x") VALUES (%s)',
    'UPDATE "accounts_session" SET "x" = %s',
    'DELETE FROM "accounts_session" WHERE "x" = %s',
]
ECRITURES = [
    'INSERT INTO "accounts_compte" VALUES (1)',
    'DELETE FROM "accounts_compte" WHERE "id" IN (SELECT "compte_id" FROM "accounts_session")',
    'WITH a AS (DELETE FROM "accounts_compte" RETURNING 1) SELECT * FROM a',
    "SELECT 1; DELETE FROM accounts_compte",
    'UPDATE "accounts_session" SET "x" = 1; DELETE FROM "accounts_compte"',
    "SELECT * INTO copie FROM accounts_compte",
    "SELECT 1 FROM accounts_compte FOR UPDATE",
    "SELECT 1 FROM accounts_compte FOR KEY SHARE",
    r"SELECT E'\'', nextval('s') --'",
    "SELECT $$it's$$, nextval('s'), 'x'",
    "SELECT $a$ ' $a$, lo_create(1), 'x'",
    "SELECT set_config('role', 'postgres', false)",
    "SELECT pg_advisory_lock(1)",
    'INSERT INTO "accounts_session" ("x") SELECT nextval(\'s\')',
    "SELECT nextval('a_id_seq')",
    "/* SELECT */ DELETE FROM accounts_compte",
    "SELECT 1 -- rien\n; TRUNCATE accounts_compte",
    "TRUNCATE accounts_compte",
    "LOCK TABLE accounts_compte",
    "CREATE TABLE a (b int)",
    "CALL faire()",
    "DO $$ BEGIN DELETE FROM accounts_compte; END $$",
    "COPY accounts_compte FROM STDIN",
    "REFRESH MATERIALIZED VIEW a",
    'SAVEPOINT "s1"; DELETE FROM accounts_compte',
]


@pytest.mark.parametrize("sql", LECTURES)
def test_une_lecture_passe(sql: str) -> None:
    assert est_une_lecture(sql)


@pytest.mark.parametrize("sql", ECRITURES)
def test_tout_le_reste_est_refuse(sql: str) -> None:
    assert not est_une_lecture(sql)


def test_un_get_n_ecrit_que_la_session(espace: Espace, client_de: Ouvrir, monkeypatch: pytest.MonkeyPatch) -> None:
    client = client_de(espace)
    Session.objects.update(session_data=Session.objects.get().session_data)
    with time_machine.travel(timezone.now() + timedelta(minutes=5), tick=False):
        assert client.get(reverse("securite")).status_code == 200  # the session notes its last use
    monkeypatch.setattr(
        "accounts.views.securite.securite.lire_securite", lambda *_: Compte.objects.update(is_active=True)
    )
    with pytest.raises(EcritureSurLecture):
        client.get(reverse("securite"))


def test_postgresql_lui_meme_refuse_d_ecrire_pendant_un_get(
    espace: Espace, client_de: Ouvrir, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The guard of the product put aside, as by a statement that it takes for a reading."""
    client = client_de(espace)
    assert client.get(reverse("securite")).status_code == 200
    monkeypatch.setattr("espacepro.middleware.est_une_lecture", lambda _: True)
    monkeypatch.setattr(
        "accounts.views.securite.securite.lire_securite", lambda *_: Compte.objects.update(is_active=True)
    )
    with pytest.raises(DatabaseError, match="read-only transaction"):
        client.get(reverse("securite"))
    assert connection.is_usable()
