"""Two roles of the database: one owns the schema and migrates it, the other is the web's and the workers' and owns nothing.

The second one adds lines to the journal and reads it; it cannot change, remove, truncate nor alter it, nor put its triggers aside.
"""

from collections.abc import Collection, Sequence
from typing import Any, Final

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Warning  # noqa: A004 - Django's own word
from django.db import connection
from psycopg import sql

AJOUT_SEUL: Final = ("accounts_evenement", "accounts_blocscelle", "accounts_attestation")
"""What the application adds to and reads, and nothing else."""
LECTURE_SEULE: Final = ("django_migrations", "accounts_moisabandonne")
FONCTIONS: Final = ("journal_immuable", "journal_a_sceller", "journal_suit")
RESERVEES: Final = ("connexion_creer_partition(date)", "connexion_abandonner_partitions(timestamptz)")
"""What the owner does for the application, when it asks (surveillance/migrations)."""


class RoleImpossible(Exception):
    """The roles cannot be prepared; the message says why."""


def preparer_roles(*, role: str, mot_de_passe: str = "") -> None:
    """Make the application's role where it is missing, and give it what it needs and no more. Can be run again.

    As the owner of the tables. Raises: RoleImpossible for the owner's own name.
    """
    noms = {"role": sql.Identifier(role), "base": sql.Identifier(connection.settings_dict["NAME"])}
    with connection.cursor() as curseur:
        curseur.execute("SELECT current_user, EXISTS (SELECT 1 FROM pg_roles WHERE rolname = %s)", [role])
        proprietaire, existe = curseur.fetchone()
        if proprietaire == role:
            raise RoleImpossible("le rôle de l’application ne peut pas être celui qui possède les tables")
        ordres = [] if existe else ["CREATE ROLE {role} LOGIN"]
        if mot_de_passe:
            ordres.append("ALTER ROLE {role} PASSWORD {mot_de_passe}")
        for ordre in [*ordres, *_DROITS, *_ajout_seul()]:
            texte = sql.SQL(ordre).format(**noms, mot_de_passe=sql.Literal(mot_de_passe))
            curseur.execute(texte.as_string())


_DROITS: Final = (
    "GRANT CONNECT, TEMPORARY ON DATABASE {base} TO {role}",
    "REVOKE CREATE ON SCHEMA public FROM PUBLIC, {role}",
    "GRANT USAGE ON SCHEMA public TO {role}",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
    "REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM {role}",
    "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}",
    # What the next migration makes is open to the application at once; a table of the journal joins AJOUT_SEUL.
    "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {role}",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {role}",
)


def _ajout_seul() -> list[str]:
    fermees = ", ".join((*AJOUT_SEUL, *LECTURE_SEULE))
    return [
        f"REVOKE ALL ON {fermees} FROM {{role}}",
        f"GRANT SELECT, INSERT ON {', '.join(AJOUT_SEUL)} TO {{role}}",
        f"GRANT SELECT ON {', '.join(LECTURE_SEULE)} TO {{role}}",
        f"REVOKE ALL ON FUNCTION {', '.join(RESERVEES)} FROM PUBLIC",
        f"GRANT EXECUTE ON FUNCTION {', '.join(RESERVEES)} TO {{role}}",
    ]


_CE_QU_IL_PEUT = """
SELECT r.rolsuper OR r.rolbypassrls OR r.rolcreaterole OR r.rolcreatedb OR r.rolreplication,
       ARRAY(SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace
                AND relname = ANY(%(tables)s) AND pg_has_role(r.oid, relowner, 'MEMBER') ORDER BY 1)
    || ARRAY(SELECT proname::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace
                AND proname = ANY(%(fonctions)s) AND pg_has_role(r.oid, proowner, 'MEMBER') ORDER BY 1)
    || ARRAY(SELECT 'base ' || datname FROM pg_database WHERE datname = current_database()
                AND pg_has_role(r.oid, datdba, 'MEMBER')),
       ARRAY(SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relname = ANY(%(tables)s)
                AND has_table_privilege(r.oid, oid, 'UPDATE, DELETE, TRUNCATE, TRIGGER') ORDER BY 1)
    || ARRAY(SELECT relname::text FROM pg_class WHERE oid = to_regclass('accounts_evenement_id_seq')
                AND has_sequence_privilege(r.oid, oid, 'UPDATE')),
       has_schema_privilege(r.oid, 'public', 'CREATE')
  FROM pg_roles r WHERE r.rolname = coalesce(nullif(%(role)s, ''), current_user)
"""
_INDICE = "docs/exploitation.md, « Roles of the database » : manage.py preparer_roles, sous le rôle propriétaire."


def verifier_les_roles(
    app_configs: Sequence[AppConfig] | None, databases: Collection[str] | None = None, **_: Any
) -> list[CheckMessage]:
    """Say what the application's role could do to the journal (`check --database default`, in production).

    That role is the one of `DATABASE_URL_APPLICATION` where it is set (a process of the owner), else our own.
    """
    if not settings.PRODUCTION or "default" not in (databases or ()):
        return []
    role = settings.APPLICATION.get("USER", "")
    with connection.cursor() as curseur:
        curseur.execute("SELECT to_regclass('accounts_evenement') IS NOT NULL")
        if not curseur.fetchone()[0]:
            return []  # nothing is there to be owned before the first `migrate`
        curseur.execute(
            _CE_QU_IL_PEUT,
            {"tables": [*AJOUT_SEUL, "accounts_moisabandonne"], "fonctions": list(FONCTIONS), "role": role},
        )
        ligne = curseur.fetchone()
    if ligne is None:
        return [Warning(f"Le rôle {role!r} de l’application n’existe pas.", hint=_INDICE, id="espacepro.W020")]
    puissant, possede, ecrit, cree = ligne
    dits = [
        ("espacepro.W021", "est un superutilisateur, ou peut créer des rôles ou des bases", puissant),
        ("espacepro.W022", f"possède, ou peut prendre le rôle qui possède : {', '.join(possede)}", possede),
        ("espacepro.W023", f"peut modifier, effacer ou vider : {', '.join(ecrit)}", ecrit),
        ("espacepro.W024", "peut créer des objets dans le schéma public", cree),
    ]
    return [Warning(f"Le rôle de l’application {texte}.", hint=_INDICE, id=code) for code, texte, vrai in dits if vrai]
