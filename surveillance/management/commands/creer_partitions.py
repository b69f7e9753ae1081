"""Create the monthly partitions of the sign-ins ahead of time."""

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from typing import Any

from django.core.management.base import BaseCommand

from surveillance.partitions import MOIS_D_AVANCE, creer_partitions


class Command(BaseCommand):
    help = "Create the partition of this month's sign-ins and of the next ones. Example: manage.py creer_partitions --mois 6"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.add_argument(
            "--mois", type=int, default=MOIS_D_AVANCE, help="how many months ahead (default %(default)s)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        nouvelles = creer_partitions(mois=options["mois"])
        for nom in nouvelles:
            self.stdout.write(nom)
        self.stdout.write(f"{len(nouvelles)} partition(s) created")
