"""The monthly partitions of the sign-ins: made ahead, and dropped whole when their time is over (CNIL 2021-122)."""

from datetime import UTC, datetime, timedelta

from django.db import connection, transaction
from django.utils import timezone
from psycopg import sql

TABLE = "surveillance_connexion"
RESTE = "surveillance_connexion_reste"
MOIS_D_AVANCE = 3
MOIS_D_AVANCE_AU_PLUS = 24  # a partition is a table: thousands of them slow every sign-in
MOIS_GARDES = 12


def creer_partitions(*, mois: int = MOIS_D_AVANCE, maintenant: datetime | None = None) -> list[str]:
    """Create the partition of this month and of the `mois` next ones where missing; return the names of the new ones.

    Done by each `migrate` (surveillance/apps.py), then each night: what signs in before the first night has its month too.
    A month begins at midnight UTC. Rows that the default partition already holds for it move into it.
    """
    debut = _premier_du_mois((maintenant or timezone.now()).astimezone(UTC))
    nouvelles = []
    for _ in range(mois + 1):
        fin = _mois_suivant(debut)
        nom = f"{TABLE}_{debut:%Y_%m}"
        if _creer(nom, debut, fin):
            nouvelles.append(nom)
        debut = fin
    return nouvelles


def abandonner_partitions(*, maintenant: datetime | None = None) -> list[str]:
    """Drop the partitions of the months that ended more than twelve months ago; return their names.

    Safe to run twice. A sign-in of the default partition that old goes too.
    """
    limite = _premier_du_mois((maintenant or timezone.now()).astimezone(UTC))
    for _ in range(MOIS_GARDES):
        limite = _premier_du_mois(limite - timedelta(days=1))
    with transaction.atomic(), connection.cursor() as curseur:
        curseur.execute(
            "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
            " WHERE i.inhparent = %s::regclass AND c.relname ~ %s AND c.relname < %s ORDER BY c.relname",
            [TABLE, rf"^{TABLE}_\d{{4}}_\d{{2}}$", f"{TABLE}_{limite:%Y_%m}"],
        )
        noms = [ligne[0] for ligne in curseur.fetchall()]
        for nom in noms:
            curseur.execute(sql.SQL("DROP TABLE {nom}").format(nom=sql.Identifier(nom)).as_string())
        curseur.execute(
            sql.SQL("DELETE FROM {reste} WHERE quand < %s").format(reste=sql.Identifier(RESTE)).as_string(), [limite]
        )
    return noms


def est_partitionnee() -> bool:
    """Whether the table of the sign-ins is there, in partitions: not while the migrations go backwards."""
    with connection.cursor() as curseur:
        curseur.execute("SELECT 1 FROM pg_partitioned_table WHERE partrelid = to_regclass(%s)", [TABLE])
        return curseur.fetchone() is not None


@transaction.atomic
def _creer(nom: str, debut: datetime, fin: datetime) -> bool:
    """Create one partition under a lock on the table; return False when it was there."""
    noms = {"nom": sql.Identifier(nom), "table": sql.Identifier(TABLE), "reste": sql.Identifier(RESTE)}
    bornes = {"debut": sql.Literal(debut.isoformat()), "fin": sql.Literal(fin.isoformat())}
    with connection.cursor() as curseur:
        curseur.execute("SELECT to_regclass(%s)", [nom])
        if curseur.fetchone()[0] is not None:
            return False
        # Whoever else creates it, or writes a sign-in of that month, waits here for some milliseconds.
        curseur.execute(sql.SQL("LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE").format(**noms).as_string())
        curseur.execute("SELECT to_regclass(%s)", [nom])
        if curseur.fetchone()[0] is not None:
            return False
        for ordre in (
            "CREATE TABLE {nom} (LIKE {table} INCLUDING DEFAULTS INCLUDING CONSTRAINTS)",
            "INSERT INTO {nom} SELECT * FROM {reste} WHERE quand >= {debut} AND quand < {fin}",
            "DELETE FROM {reste} WHERE quand >= {debut} AND quand < {fin}",
            "ALTER TABLE {table} ATTACH PARTITION {nom} FOR VALUES FROM ({debut}) TO ({fin})",
        ):
            curseur.execute(sql.SQL(ordre).format(**noms, **bornes).as_string())
    return True


def _premier_du_mois(jour: datetime) -> datetime:
    return datetime(jour.year, jour.month, 1, tzinfo=UTC)


def _mois_suivant(jour: datetime) -> datetime:
    return datetime(jour.year + jour.month // 12, jour.month % 12 + 1, 1, tzinfo=UTC)
