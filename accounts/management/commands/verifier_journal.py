"""Check the chain that seals the journal."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from accounts.saisies.commande import Commande
from accounts.traces.scellement import sceller
from accounts.traces.verification import verifier


class Command(Commande):
    help = (
        "Recalcule le journal scellé et signale chaque anomalie : ligne modifiée, retirée, insérée, déplacée ou antidatée, "
        "fin coupée, même non scellée. Compare le journal aux attestations signées, celles de la base et celles d’un dossier. "
        "Codes de sortie : 0, journal intact ; 1, journal altéré. Exemple : manage.py verifier_journal --sceller"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--attestations",
            type=Path,
            default=settings.DOSSIER_ATTESTATIONS,
            help="dossier des attestations sorties de la base (par défaut, celui de DOSSIER_ATTESTATIONS)",
        )
        parser.add_argument("--sceller", action="store_true", help="sceller d'abord les lignes qui attendent")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["sceller"]:
            while scelles := sceller():
                self.stdout.write(f"{scelles} événements scellés")
        resultat = verifier(options["attestations"])
        for anomalie in resultat.anomalies:
            self.stderr.write(anomalie)
        if resultat.anomalies:
            raise CommandError(f"Journal altéré : {resultat.nombre} anomalie(s).")
        self.stdout.write(
            self.style.SUCCESS(
                f"Journal intact : {resultat.evenements} événements dans {resultat.blocs} blocs, "
                f"{resultat.attestations} attestations."
            )
        )
