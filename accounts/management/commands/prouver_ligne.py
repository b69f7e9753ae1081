"""Make the proof of one line of the journal."""

import json
import re
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from accounts.donnees.preuves import prouver_ligne
from accounts.saisies.commande import Commande, argument_identifiant, argument_ligne
from accounts.saisies.regles import RegleMetier


class Command(Commande):
    help = (
        "Établit la preuve d’une ligne du journal, dans un fichier que son destinataire vérifie sans le portail "
        "(docs/exploitation/verifier_preuve.py) : la ligne, son chemin jusqu’à son bloc, la chaîne jusqu’à l’attestation signée. "
        "Exemple : manage.py prouver_ligne 12345 --fichier preuve.json --motif 'réquisition 2026/118'"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("numero", type=argument_identifiant, help="numéro de la ligne")
        parser.add_argument("--fichier", type=Path, required=True, help="fichier à écrire")
        parser.add_argument("--motif", type=argument_ligne, required=True, help="pourquoi : le journal le garde")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the proof. Raises CommandError where there is none."""
        if not re.fullmatch("[0-9]{1,18}", options["numero"]):
            raise CommandError("Le numéro d’une ligne du journal n’a que des chiffres.")
        try:
            preuve = prouver_ligne(
                acteur="systeme:prouver_ligne", numero=int(options["numero"]), motif=options["motif"]
            )
        except RegleMetier as regle:
            raise CommandError(str(regle)) from regle
        options["fichier"].write_text(json.dumps(preuve, ensure_ascii=False, indent=1), encoding="utf-8")
        self.stdout.write(self.style.SUCCESS(f"Preuve écrite : {options['fichier']}"))
