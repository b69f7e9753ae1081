"""Arguments of commands: they pass the same door as what is typed in a page."""

from argparse import ArgumentTypeError
from collections.abc import Callable

from .porte import TexteIllisible, lire_identifiant, lire_ligne


def _par_la_porte(porte: Callable[[str], str]) -> Callable[[str], str]:
    def lire(saisie: str) -> str:
        try:
            return porte(saisie)
        except TexteIllisible as regle:
            raise ArgumentTypeError(str(regle)) from regle

    return lire


argument_ligne = _par_la_porte(lire_ligne)
argument_identifiant = _par_la_porte(lire_identifiant)
