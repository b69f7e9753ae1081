"""Commands: their arguments pass the same door as what is typed in a page, and their help is French throughout."""

from argparse import ArgumentTypeError, RawDescriptionHelpFormatter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django.core.management import BaseCommand
from django.core.management.base import CommandParser, DjangoHelpFormatter
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
            raise ArgumentTypeError(f"{nombre} : ce nombre doit être compris entre {self.de} et {self.a}")
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


AIDES: Final = {
    "help": "montre cette aide et s’arrête",
    "version": "montre la version de Django et s’arrête",
    "verbosity": "ce que la commande raconte : 0 rien, 1 l’essentiel, 2 beaucoup, 3 tout",
    "settings": "module de réglages, par exemple « espacepro.settings » ; sinon celui de DJANGO_SETTINGS_MODULE",
    "pythonpath": "dossier à ajouter à ceux de Python",
    "traceback": "montre la trace complète d’une erreur de commande",
    "no_color": "n’emploie pas de couleur",
    "force_color": "emploie la couleur même hors d’un terminal",
    "skip_checks": "ne fait pas les vérifications d’abord",
}


class FormateurFrancais(DjangoHelpFormatter):
    """Django's layout of the help, which begins by a French word."""

    def add_usage(self, usage: Any, actions: Any, groups: Any, prefix: str | None = None) -> None:
        super().add_usage(usage, actions, groups, "utilisation : " if prefix is None else prefix)


class FormateurFrancaisBrut(FormateurFrancais, RawDescriptionHelpFormatter):
    """The same, the lines of the examples kept as they are written."""


class Commande(BaseCommand):
    """A command whose help is whole in French; write `help`, an `exemple`, and the help of each option of yours, nothing else."""

    exemple = ""

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        if self.exemple:  # its lines are kept as they are written
            kwargs |= {"epilog": self.exemple, "formatter_class": FormateurFrancaisBrut}
        kwargs.setdefault("formatter_class", FormateurFrancais)
        analyseur = super().create_parser(prog_name, subcommand, **kwargs)
        analyseur._positionals.title = "arguments"
        analyseur._optionals.title = "options"
        for option in analyseur._actions:
            option.help = AIDES.get(option.dest, option.help)
        return analyseur
