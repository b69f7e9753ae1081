"""Arguments of commands: they pass the same door as what is typed in a page."""

from argparse import ArgumentTypeError
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from django.utils import timezone

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


def argument_jour(saisie: str) -> datetime:
    """Return the first moment of a day written `2027-03-01`, in the portal's time zone."""
    try:
        le = date.fromisoformat(lire_identifiant(saisie))
    except (TexteIllisible, ValueError) as erreur:
        raise ArgumentTypeError("un jour est attendu, comme 2027-03-01") from erreur
    return timezone.make_aware(datetime.combine(le, datetime.min.time()))


argument_ligne = _par_la_porte(lire_ligne)
argument_identifiant = _par_la_porte(lire_identifiant)
