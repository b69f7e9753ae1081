"""suivre_registre: tell the holders and the offices what the register has closed, opened again or changed."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from accounts.saisies.commande import Commande, NombreEntre
from accounts.saisies.regles import RegleMetier
from services.models import EvenementRegistre
from services.registre.suivi import (
    EVENEMENTS_PAR_LOT,
    EVENEMENTS_PAR_LOT_AU_PLUS,
    BilanSuivi,
    commencer_le_suivi,
    essayer_le_suivi,
)

AIDE = """\
Prévient les usagers et les services gestionnaires de ce que le registre a fermé, rouvert ou changé.

La première fois, lancez-la avec --dry-run et lisez ce qui partirait ; puis sans, autant de fois qu'il faut. La tâche
périodique suivre_registre prend ensuite le relais, et ne fait rien avant. Rien n'est jamais fermé par cette commande.
"""

EXEMPLE = """\
exemple :
  python manage.py suivre_registre --dry-run
  python manage.py suivre_registre --lot 200
"""


class Command(Commande):
    help = AIDE
    exemple = EXEMPLE

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="compter ce qui serait dit, sans rien envoyer")
        parser.add_argument(
            "--lot",
            type=NombreEntre(1, EVENEMENTS_PAR_LOT_AU_PLUS),
            default=EVENEMENTS_PAR_LOT,
            help=f"nombre d'événements à dire ({EVENEMENTS_PAR_LOT} par défaut, {EVENEMENTS_PAR_LOT_AU_PLUS} au plus)",
        )

    def handle(self, *, dry_run: bool, lot: int, **options: Any) -> None:
        acteur = "systeme:suivre_registre"
        try:
            bilan = essayer_le_suivi(acteur=acteur) if dry_run else commencer_le_suivi(acteur=acteur, nombre=lot)
        except RegleMetier as regle:
            raise CommandError(str(regle)) from regle
        self._rendre_compte(bilan, dry_run)

    def _rendre_compte(self, bilan: BilanSuivi, dry_run: bool) -> None:
        if dry_run:
            self.stdout.write("À blanc : rien n'a été envoyé.")
        for genre in EvenementRegistre.Genre:
            self.stdout.write(f"{genre.label} : {bilan.par_genre[genre]}")
        for service, nombre in sorted(bilan.par_service.items()):
            self.stdout.write(f"  {service} : {nombre}")
        self.stdout.write(f"cessations d'avant le suivi : {bilan.anciennes}")
        self.stdout.write(f"sans objet (personne n'y tient rien) : {bilan.sans_objet}")
        self.stdout.write(f"restent à dire : {bilan.reste}")
