"""Apply the retention table."""

from argparse import ArgumentParser
from typing import Any

from accounts.donnees.retention import purger
from accounts.saisies.commande import Commande


class Command(Commande):
    help = (
        "Efface ou rend anonyme ce dont la durée de conservation est passée. "
        "Exemple : manage.py purger --dry-run pour compter sans rien écrire."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="compter sans rien écrire")

    def handle(self, *args: Any, **options: Any) -> None:
        essai = options["dry_run"]
        bilans = purger(essai=essai)
        for bilan in bilans:
            verbe = "à traiter" if essai else "lignes " + bilan.regle.sort.value
            suite = ", il en reste" if bilan.reste else ""
            self.stdout.write(f"{bilan.regle.cle:<32}{bilan.nombre:>10} {verbe} ({bilan.regle.duree}){suite}")
        total = sum(bilan.nombre for bilan in bilans)
        self.stdout.write(f"{'Total':<32}{total:>10}")
        if essai:
            self.stdout.write("Rien n'a été écrit : retirez --dry-run pour purger.")
