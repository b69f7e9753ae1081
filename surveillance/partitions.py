"""The monthly partitions of the sign-ins: made ahead, and dropped whole when their time is over (CNIL 2021-122)."""

from datetime import UTC, datetime, timedelta

from django.db import connection
from django.utils import timezone

TABLE = "surveillance_connexion"
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
        if _creer(debut):
            nouvelles.append(f"{TABLE}_{debut:%Y_%m}")
        debut = _mois_suivant(debut)
    return nouvelles


def abandonner_partitions(*, maintenant: datetime | None = None) -> list[str]:
    """Drop the partitions of the months that ended more than twelve months ago; return their names.

    Safe to run twice. A sign-in of the default partition that old goes too.
    """
    limite = _premier_du_mois((maintenant or timezone.now()).astimezone(UTC))
    for _ in range(MOIS_GARDES):
        limite = _premier_du_mois(limite - timedelta(days=1))
    with connection.cursor() as curseur:
        curseur.execute("SELECT connexion_abandonner_partitions(%s)", [limite])
        return [nom for (nom,) in curseur.fetchall()]


def est_partitionnee() -> bool:
    """Whether the table of the sign-ins is there, in partitions: not while the migrations go backwards."""
    with connection.cursor() as curseur:
        curseur.execute(
            "SELECT 1 FROM pg_partitioned_table WHERE partrelid = to_regclass(%s)"
            " AND to_regprocedure('connexion_creer_partition(date)') IS NOT NULL",
            [TABLE],
        )
        return curseur.fetchone() is not None


def _creer(debut: datetime) -> bool:
    """Have the owner of the table create one partition, under a lock on it; return False when it was there.

    Both functions are the owner's (surveillance/migrations/0004): the application's role owns nothing.
    """
    with connection.cursor() as curseur:
        curseur.execute("SELECT connexion_creer_partition(%s)", [debut.date()])
        return bool(curseur.fetchone()[0])


def _premier_du_mois(jour: datetime) -> datetime:
    return datetime(jour.year, jour.month, 1, tzinfo=UTC)


def _mois_suivant(jour: datetime) -> datetime:
    return datetime(jour.year + jour.month // 12, jour.month % 12 + 1, 1, tzinfo=UTC)
