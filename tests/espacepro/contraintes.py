"""What the database holds by itself, read in the migrations."""

import ast
import re
from functools import cache
from pathlib import Path

from tests.sources import module_de, noeuds

RACINE = Path(__file__).resolve().parents[2]
SQL = (r"ADD CONSTRAINT (\w+)", r"CONSTRAINT = '(\w+)'", r"CREATE (?:CONSTRAINT )?TRIGGER (\w+)")


@cache
def contraintes() -> frozenset[str]:
    """Return the constraints and triggers that the migrations of the five floors leave in the database."""
    vivantes: set[str] = set()
    for migration in sorted(RACINE.glob("*/migrations/0*.py")):
        for noeud in noeuds(module_de(migration)):
            if isinstance(noeud, ast.Call) and isinstance(noeud.func, ast.Attribute):
                dits = {str(ast.literal_eval(c.value)) for c in noeud.keywords if c.arg == "name"}
                if noeud.func.attr == "RemoveConstraint":
                    vivantes -= dits
                elif noeud.func.attr in {"CheckConstraint", "UniqueConstraint", "ExclusionConstraint"}:
                    vivantes |= dits
            elif isinstance(noeud, ast.Constant) and isinstance(noeud.value, str):
                vivantes |= {nom for motif in SQL for nom in re.findall(motif, noeud.value)}
    return frozenset(vivantes)
