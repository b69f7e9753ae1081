"""The product's source, read once by a process: the tests of the house's habits read it all, each for one thing."""

import ast
from functools import cache
from pathlib import Path
from typing import Any

RACINE = Path(__file__).parents[1]


def module_de(chemin: Path) -> ast.Module:
    """Return the syntax tree of this file, named from anywhere or from the root."""
    return _lire(RACINE / chemin)


@cache
def _lire(chemin: Path) -> ast.Module:
    return ast.parse(chemin.read_text(encoding="utf-8"))


def noeuds(noeud: ast.AST) -> list[Any]:
    """Return this node and all those under it, in the order of the source; what `ast.walk` finds, at a tenth of its cost.

    A tree is walked once: each of its nodes keeps where its own part of that list begins and ends.
    """
    connue = vars(noeud).get("_tranche")
    if connue is None:
        _parcourir(noeud, [])
        connue = vars(noeud)["_tranche"]
    tous, debut, fin = connue
    return tous[debut:fin]


def _parcourir(noeud: ast.AST, tous: list[ast.AST]) -> None:
    debut = len(tous)
    tous.append(noeud)
    for champ in noeud._fields:
        valeur = getattr(noeud, champ, None)
        for enfant in valeur if isinstance(valeur, list) else (valeur,):
            if isinstance(enfant, ast.AST):
                _parcourir(enfant, tous)
    vars(noeud)["_tranche"] = (tous, debut, len(tous))
