"""Arguments of commands: they pass the same door as what is typed in a page."""

from argparse import ArgumentTypeError
from collections.abc import Callable
from dataclasses import dataclass

from .porte import TexteIllisible, lire_identifiant, lire_ligne


def _par_la_porte(porte: Callable[[str], str]) -> Callable[[str], str]:
    def lire(saisie: str) -> str:
        try:
            return porte(saisie)
        except TexteIllisible as regle:
            raise ArgumentTypeError(str(regle)) from regle

    return lire


@dataclass(frozen=True)
class NombreEntre:
    """An argument that is a whole number between two bounds, both admitted: no typing error makes a job of a year."""

    de: int
    a: int

    def __call__(self, saisie: str) -> int:
        try:
            nombre = int(lire_identifiant(saisie))
        except (TexteIllisible, ValueError) as erreur:
            raise ArgumentTypeError(f"un nombre entier est attendu, entre {self.de} et {self.a}") from erreur
        if not self.de <= nombre <= self.a:
            raise ArgumentTypeError(f"{nombre} : ce nombre doit être compris entre {self.de} et {self.a}")
        return nombre


argument_ligne = _par_la_porte(lire_ligne)
argument_identifiant = _par_la_porte(lire_identifiant)
