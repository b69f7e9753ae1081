"""Drop a month of the journal at the end of its time."""

from argparse import ArgumentTypeError
from datetime import date, datetime
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import ProgrammingError

from accounts.donnees.abandon import abandonner_mois
from accounts.saisies.commande import Commande, argument_identifiant
from accounts.saisies.regles import RegleMetier


def argument_mois(saisie: str) -> date:
    """Return the first day of a month written `2027-03`."""
    try:
        return datetime.strptime(argument_identifiant(saisie), "%Y-%m").date()  # noqa: DTZ007 - a month has no time
    except ValueError as erreur:
        raise ArgumentTypeError("un mois est attendu, comme 2027-03") from erreur


class Command(Commande):
    help = (
        "Efface du journal ce qui est de ce mois ou d’avant, au bout de sa durée de conservation ; les empreintes des blocs restent, "
        "et la chaîne se vérifie toujours. À lancer sous le rôle qui possède les tables : celui de l’application ne le peut pas. "
        "Exemple : manage.py abandonner_mois 2026-11 --dry-run"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("mois", type=argument_mois, help="le mois, comme 2026-11")
        parser.add_argument("--dry-run", action="store_true", help="dit ce qui serait effacé, et n’efface rien")

    def handle(self, *args: Any, **options: Any) -> None:
        """Drop the month. Raises CommandError when its time is not over, or under a role that may not."""
        try:
            abandon = abandonner_mois(acteur="systeme:abandonner_mois", mois=options["mois"], essai=options["dry_run"])
        except RegleMetier as regle:
            raise CommandError(str(regle)) from regle
        except ProgrammingError as erreur:
            raise CommandError(f"Seul le rôle qui possède les tables efface un mois du journal ({erreur}).") from erreur
        quoi = "seraient effacées" if options["dry_run"] else "effacées"
        blocs = f"blocs {abandon.premier_bloc} à {abandon.dernier_bloc}"
        self.stdout.write(self.style.SUCCESS(f"{abandon.lignes} lignes {quoi}, {blocs}."))
