"""Advise the holders of unused espaces to delete them."""

from argparse import ArgumentParser
from typing import Any

from django.utils import timezone

from accounts.espace.dormants import dormants, signaler_dormants
from accounts.saisies.commande import Commande


class Command(Commande):
    help = (
        "Conseille par courriel la suppression des espaces sans connexion depuis la durée de prescription. "
        "Exemple : manage.py signaler_espaces_dormants --dry-run"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="compter sans rien écrire")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["dry_run"]:
            self.stdout.write(f"{dormants(timezone.now()).count()} espace(s) à prévenir. Rien n'a été écrit.")
            return
        total = 0
        while nombre := signaler_dormants():
            total += nombre
        self.stdout.write(f"{total} espace(s) prévenu(s).")
