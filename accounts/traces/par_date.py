"""From which line on the journal tells of a day: its numbers are those of time, and no index has its dates."""

from datetime import datetime, timedelta
from typing import Final

from django.db import connection

MARGE: Final = timedelta(hours=1)
"""A number is drawn before the commit: a long transaction leaves lines of a later number and an earlier hour."""
# Half of what is left each time: some thirty lines, each read by its number, whatever the journal holds.
MOITIE = """
WITH RECURSIVE reste (bas, haut) AS (
    SELECT min(id), max(id) + 1 FROM accounts_evenement
    UNION ALL
    SELECT CASE WHEN milieu.quand < %(depuis)s THEN milieu.id + 1 ELSE bas END,
           CASE WHEN milieu.quand < %(depuis)s THEN haut ELSE (bas + haut) / 2 END
    FROM reste CROSS JOIN LATERAL
        (SELECT id, quand FROM accounts_evenement WHERE id >= (bas + haut) / 2 ORDER BY id LIMIT 1) milieu
    WHERE bas < haut
)
SELECT max(bas) FROM reste
"""


def premiere_ligne_depuis(quand: datetime) -> int:
    """Return a number before which no line is of this moment or later; 0 where there is none."""
    with connection.cursor() as curseur:
        curseur.execute(MOITIE, {"depuis": quand - MARGE})
        (numero,) = curseur.fetchone() or (None,)
    return numero or 0
