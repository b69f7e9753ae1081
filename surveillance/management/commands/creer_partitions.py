"""Create the monthly partitions of the sign-ins ahead of time."""

from argparse import ArgumentParser
from typing import Any

from accounts.saisies.commande import Commande, NombreEntre
from surveillance.partitions import MOIS_D_AVANCE, MOIS_D_AVANCE_AU_PLUS, creer_partitions


class Command(Commande):
    help = (
        "Crée les partitions des connexions du mois en cours et des mois suivants. Peut être relancée : seules celles "
        "qui manquent sont créées. Exemple : manage.py creer_partitions --mois 6"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--mois",
            type=NombreEntre(0, MOIS_D_AVANCE_AU_PLUS),
            default=MOIS_D_AVANCE,
            help=f"nombre de mois d'avance (%(default)s par défaut, {MOIS_D_AVANCE_AU_PLUS} au plus)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        nouvelles = creer_partitions(mois=options["mois"])
        for nom in nouvelles:
            self.stdout.write(nom)
        self.stdout.write(f"{len(nouvelles)} partition(s) créée(s).")
