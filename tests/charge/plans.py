"""What a page or a job asks of PostgreSQL: each statement's plan and shared buffers, read while it runs."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
from django.db import connection

ARRETEE = 10_000  # blocks: what a reading that stops at as many rows may touch, each in a page of its own
GRANDE = 10_000  # rows from which a table counts as one that grows with the country
LONGUEUR_AU_PLUS = 4_400  # bytes of one reading, what it is given included
LECTURE = re.compile(r"^\s*\(*\s*(SELECT|WITH)\b", re.IGNORECASE)
ECRITURE = re.compile(r"^\s*(UPDATE|DELETE)\b", re.IGNORECASE)


MORCEAU = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"|[()]| FROM ")


def apres_les_colonnes(sql: str) -> str:
    """Return what follows the FROM of the statement itself, not that of a subquery among its columns; all of it without one."""
    profondeur = 0
    for morceau in MORCEAU.finditer(sql):
        profondeur += {"(": 1, ")": -1}.get(morceau[0], 0)
        if morceau[0] == " FROM " and not profondeur:
            return sql[morceau.end() :]
    return sql


@dataclass(frozen=True)
class Requete:
    """One statement as it ran: its text, the big tables that it read whole, the pages of memory that it touched."""

    sql: str
    entieres: tuple[str, ...]
    blocs: int
    lignes: int = 0  # rows of tables that it looked at, kept or not

    @property
    def octets(self) -> int:
        """What it says after the list of its columns, which is as long as the models are: the part that could grow."""
        return len(apres_les_colonnes(self.sql).encode())

    def __str__(self) -> str:
        debut, _, suite = self.sql.partition(" FROM ")
        return (
            f"{self.blocs} blocks, {self.octets} bytes, reads {self.entieres or 'nothing'} whole:"
            f" {debut[:80]} FROM {suite[:700]}"
        )


@dataclass(repr=False)
class Releve:
    """All that was asked, in order; `nombre` counts the writings too."""

    requetes: list[Requete] = field(default_factory=list)
    nombre: int = 0

    @property
    def blocs(self) -> int:
        return sum(requete.blocs for requete in self.requetes)

    @property
    def lignes(self) -> int:
        return sum(requete.lignes for requete in self.requetes)

    @property
    def entieres(self) -> list[Requete]:
        return [requete for requete in self.requetes if requete.entieres]

    @property
    def octets(self) -> int:
        """The bytes of the longest reading."""
        return max((requete.octets for requete in self.requetes if LECTURE.match(requete.sql)), default=0)


def grandes_tables() -> frozenset[str]:
    """Return the tables, and partitions, that hold more than GRANDE rows, as the last ANALYZE counted."""
    with connection.cursor() as curseur:
        curseur.execute("SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND reltuples > %s", [GRANDE])
        return frozenset(nom for (nom,) in curseur.fetchall())


def _noeuds(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for sous in plan.get("Plans", ()):
        yield from _noeuds(sous)


def _bornes(plan: dict[str, Any], *, sous_limite: bool = False) -> Iterator[dict[str, Any]]:
    """Yield the nodes that stand under a LIMIT."""
    if sous_limite:
        yield plan
    for sous in plan.get("Plans", ()):
        yield from _bornes(sous, sous_limite=sous_limite or plan["Node Type"] == "Limit")


def _blocs(plan: dict[str, Any]) -> int:
    return int(plan.get("Shared Hit Blocks", 0) + plan.get("Shared Read Blocks", 0))


def _arretees(plan: dict[str, Any], lus: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return those of these readings of a table from its beginning that a LIMIT stopped: before the half of it, and within ARRETEE
    blocks for the whole statement. A LIMIT that is not reached, or under a sort, lets it be read to its end.
    """
    siens = {id(noeud) for noeud in _bornes(plan)}
    sous_limite = [noeud for noeud in lus if id(noeud) in siens and "Actual Rows" in noeud]
    if not sous_limite or _blocs(plan) > ARRETEE:
        return []
    curseur = connection.connection.cursor()
    curseur.execute(
        "SELECT relname, reltuples FROM pg_class WHERE relname = ANY(%s)", [[n["Relation Name"] for n in lus]]
    )
    lignes = dict(curseur.fetchall())
    return [noeud for noeud in sous_limite if _regardees(noeud) < lignes[noeud["Relation Name"]] / 2]


def _regardees(noeud: dict[str, Any]) -> float:
    """Return how many rows of its table a node of a plan that ran looked at, kept or not; 0 for one that reads no table."""
    if "Relation Name" not in noeud or "Actual Rows" not in noeud:
        return 0
    ecartees = noeud.get("Rows Removed by Filter", 0) + noeud.get("Rows Removed by Index Recheck", 0)
    return float((noeud["Actual Rows"] + ecartees) * noeud["Actual Loops"])


def _expliquer(sql: str, params: Any, grandes: frozenset[str]) -> Requete:
    """Run the statement a second time under EXPLAIN (a writing is only planned), past Django: nobody counts it."""
    lit = LECTURE.match(sql)
    curseur: psycopg.ClientCursor[Any] = psycopg.ClientCursor(connection.connection)
    texte = curseur.mogrify(sql, params) if params else sql
    options = "ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON" if lit else "FORMAT JSON"
    curseur.execute(f"EXPLAIN ({options}) {sql}", params or None)
    (brut,) = curseur.fetchone() or ("[]",)
    plan = (json.loads(brut) if isinstance(brut, str) else brut)[0]["Plan"]
    lus = [
        noeud
        for noeud in _noeuds(plan)
        if noeud["Node Type"] in {"Seq Scan", "Parallel Seq Scan"} and noeud["Relation Name"] in grandes
    ]
    arretees = {id(noeud) for noeud in _arretees(plan, lus)}
    entieres = sorted(noeud["Relation Name"] for noeud in lus if id(noeud) not in arretees)
    return Requete(texte, tuple(entieres), _blocs(plan), round(sum(_regardees(noeud) for noeud in _noeuds(plan))))


@contextmanager
def relever(grandes: frozenset[str] = frozenset()) -> Iterator[Releve]:
    """Record what is asked of the database in this block."""
    releve = Releve()

    def regarder(execute: Any, sql: str, params: Any, many: bool, contexte: Any) -> Any:
        resultat = execute(sql, params, many, contexte)
        releve.nombre += not sql.startswith(("SAVEPOINT", "RELEASE", "ROLLBACK"))
        if not many and (LECTURE.match(sql) or ECRITURE.match(sql)):
            releve.requetes.append(_expliquer(sql, params, grandes))
        return resultat

    with connection.execute_wrapper(regarder):
        yield releve
