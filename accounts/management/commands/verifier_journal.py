"""Checks the chain that seals the journal."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.scellement import sceller, verifier


class Command(BaseCommand):
    help = (
        "Recompute the sealed journal and tell every anomaly: a changed, removed, inserted or reordered line. "
        "Exit code 0: intact; 1: anomalies. Example: manage.py verifier_journal --sceller"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--sceller", action="store_true", help="seal the lines that wait before checking")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["sceller"]:
            while scelles := sceller():
                self.stdout.write(f"{scelles} événements scellés")
        resultat = verifier()
        for anomalie in resultat.anomalies:
            self.stderr.write(anomalie)
        if resultat.anomalies:
            raise CommandError(f"journal altéré : {len(resultat.anomalies)} anomalie(s)")
        self.stdout.write(
            self.style.SUCCESS(f"Journal intact : {resultat.evenements} événements dans {resultat.blocs} blocs.")
        )
