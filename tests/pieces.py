"""The rooms of an app, and what ties them: `python -m tests.pieces [app …]` prints rooms, arrows and circles.

A room is a sub-package (or a module at the root); an arrow goes from a room to another that it imports; a circle is a set of rooms that
import one another. `pyproject.toml` holds the order of the rooms as contracts; this script shows the whole graph.
"""

import sys
from collections import defaultdict

import grimp

APPS = ("accounts", "services", "habilitations", "activation", "surveillance", "espacepro")


def fleches(app: str) -> dict[str, set[str]]:
    """Return, for each room of `app`, the rooms of `app` that it imports."""
    graphe = grimp.build_graph(app, include_external_packages=False)
    liens: dict[str, set[str]] = defaultdict(set)
    for module in graphe.modules:
        liens[piece(module)].update(piece(autre) for autre in graphe.find_modules_directly_imported_by(module))
    return {
        nom: autres - {nom} for nom, autres in sorted(liens.items()) if nom not in {app, "migrations", "management"}
    }


def piece(module: str) -> str:
    """Return the room of a module: the second part of its dotted name."""
    return [*module.split("."), module][1]


def cercles(liens: dict[str, set[str]]) -> list[set[str]]:
    """Return the sets of rooms that import one another, directly or by others (strongly connected, of more than one room)."""

    def atteints(depart: str) -> set[str]:
        vus: set[str] = set()
        reste = [depart]
        while reste:
            for suivant in liens.get(reste.pop(), set()) - vus:
                vus.add(suivant)
                reste.append(suivant)
        return vus

    portee = {nom: atteints(nom) for nom in liens}
    ensembles = {frozenset(b for b in portee[a] if a in portee.get(b, set())) for a in liens}
    return [set(ensemble) for ensemble in ensembles if len(ensemble) > 1]


def main() -> None:
    for app in sys.argv[1:] or APPS:
        liens = fleches(app)
        print(f"{app}: {len(liens)} rooms, {sum(map(len, liens.values()))} arrows, {len(cercles(liens))} circles")
        for nom, autres in liens.items():
            print(f"  {nom} → {', '.join(sorted(autres)) or '–'}")
        for cercle in cercles(liens):
            print(f"  circle: {', '.join(sorted(cercle))}")


if __name__ == "__main__":
    main()
