"""Publish a version of the CGU: everybody is told by mail, and it is asked to be accepted from its date on."""

from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.core.management.base import CommandError

from accounts.espace.conditions import apercevoir_publication, publier_conditions
from accounts.saisies.commande import Commande, argument_identifiant, argument_jour
from accounts.saisies.dates import jour
from accounts.saisies.regles import RegleMetier


class Command(Commande):
    help = (
        "Publie la version des CGU dont le texte est dans templates/cgu/NUMERO/ (texte.html et changements.html) : chaque "
        "espace en est prévenu par courriel, puis l'accepte à sa première connexion à partir de la date. "
        "Exemple : manage.py publier_cgu 2027-01 --en-vigueur 2027-03-01 --dry-run"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("numero", type=argument_identifiant, help="numéro de la version, comme 2027-01")
        parser.add_argument(
            "--en-vigueur",
            type=argument_jour,
            required=True,
            help="jour d'entrée en vigueur, à 0 heure : 2027-03-01",
        )
        parser.add_argument("--dry-run", action="store_true", help="dire ce qui serait fait, sans rien écrire")

    def handle(self, *args: Any, **options: Any) -> None:
        en_vigueur_le: datetime = options["en_vigueur"]
        try:
            apercu = apercevoir_publication(options["numero"], en_vigueur_le)
            if not options["dry_run"]:
                publier_conditions(acteur="systeme:publier_cgu", numero=options["numero"], en_vigueur_le=en_vigueur_le)
        except RegleMetier as regle:
            raise CommandError(str(regle)) from regle
        self.stdout.write(
            f"Version {apercu.numero}, en vigueur le {jour(en_vigueur_le)}, empreinte {apercu.empreinte}."
        )
        if options["dry_run"]:
            self.stdout.write(f"{apercu.concernes} espace(s) à prévenir. Rien n'a été écrit.")
        else:
            self.stdout.write(
                f"Publiée : {apercu.concernes} espace(s) seront prévenus par la tâche annoncer_conditions."
            )
