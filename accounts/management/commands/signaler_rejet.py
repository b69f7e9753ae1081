"""Note that the mail provider returned what was sent to a login address."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from accounts.espace.changement_adresse import signaler_rejet
from accounts.saisies.commande import Commande, argument_identifiant, argument_ligne
from accounts.saisies.regles import RegleMetier

from ...saisies.dates import jour


class Command(Commande):
    help = (
        "Note qu'un courriel envoyé à une adresse de connexion a été retourné : son titulaire le lira à sa prochaine "
        "connexion. Exemple : manage.py signaler_rejet --adresse anne@exemple.fr --motif « 550 boîte inconnue »"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--adresse",
            type=argument_identifiant,
            required=True,
            help="adresse de connexion à laquelle le courriel a été retourné",
        )
        parser.add_argument(
            "--motif", type=argument_ligne, default="", help="réponse du fournisseur, sans donnée personnelle"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            compte = signaler_rejet(acteur="systeme:signaler_rejet", adresse=options["adresse"], motif=options["motif"])
        except RegleMetier as regle:
            raise CommandError(str(regle)) from regle
        self.stdout.write(f"Rejet noté le {jour(compte.adresse_rejetee_le)} pour {compte.email}.")
