"""charger_echeances: load the dates of the fiscal calendar, a file a year."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.db import transaction

from accounts.saisies.commande import Commande
from accounts.saisies.regles import RegleMetier
from services.catalogue.echeances import calendriers, charger_echeances

AIDE = """\
Charge les échéances indicatives des services, un fichier TOML par année. Sans fichier, ceux livrés avec le portail.

Les dates de l'année du fichier sont remplacées par les siennes ; celles des autres années ne changent pas. Une date sans
source, ou d'un service que le catalogue n'a pas, fait refuser tout. À lancer après charger_catalogue, puis chaque année.
Codes de sortie : 0, chargé ; 1, un fichier est illisible ou fautif.
"""

EXEMPLE = """\
exemple :
  python manage.py charger_echeances --fichier /etc/espacepro/echeances-2028.toml --dry-run
"""


class Command(Commande):
    help = AIDE
    exemple = EXEMPLE

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--fichier", type=Path, default=None, help="calendrier d'une année (ceux livrés par défaut)"
        )
        parser.add_argument("--dry-run", action="store_true", help="dire ce qui changerait, sans rien écrire")

    def handle(self, *, fichier: Path | None, dry_run: bool, **options: Any) -> None:
        fichiers = [fichier] if fichier else calendriers()
        try:
            with transaction.atomic():
                bilans = [charger_echeances(fichier=chemin) for chemin in fichiers]
                transaction.set_rollback(dry_run)
        except RegleMetier as erreur:
            raise CommandError(str(erreur)) from erreur
        if dry_run:
            self.stdout.write("À blanc : rien n'a été écrit.")
        for bilan in bilans:
            self.stdout.write(
                f"{bilan.annee} : créées {bilan.creees}, modifiées {bilan.modifiees}, retirées {bilan.retirees}, "
                f"inchangées {bilan.inchangees}"
            )
