"""Record what the banks answered of the mandates, from a CSV."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from accounts.saisies.commande import Commande
from services.banque.reponses import RejetReponse, ReponsesIllisibles, enregistrer_reponses

AIDE = """\
Enregistre ce que les banques ont répondu des mandats SEPA, d'après un CSV (UTF-8, point-virgule) aux colonnes rum,
prelevement (CORE ou B2B), etat (VALIDE ou REFUSE), motif (code ISO 20022 d'un refus, comme MD01) et date (2027-03-01).

Peut être relancée : une réponse déjà connue, ou plus ancienne que celle qui l'est, ne change rien. Les administrateurs sont
avertis de chaque changement. Codes de sortie : 0, tout est pris ; 1, fichier illisible ; 3, des lignes ont été rejetées.
"""

EXEMPLE = """\
exemple :
  python manage.py enregistrer_reponses_bancaires --fichier reponses.csv --dry-run
"""
REJETS = 3


class Command(Commande):
    help = AIDE
    exemple = EXEMPLE

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--fichier", type=Path, required=True, help="les réponses des banques")
        parser.add_argument("--dry-run", action="store_true", help="dire ce qui changerait, sans rien écrire")

    def handle(self, *, fichier: Path, dry_run: bool, **options: Any) -> None:
        def rejeter(rejet: RejetReponse) -> None:
            self.stderr.write(f"ligne {rejet.ligne} : {rejet.pourquoi}")

        try:
            bilan = enregistrer_reponses(
                acteur="systeme:enregistrer_reponses_bancaires", fichier=fichier, sur_rejet=rejeter, a_blanc=dry_run
            )
        except ReponsesIllisibles as erreur:
            raise CommandError(str(erreur)) from erreur
        if dry_run:
            self.stdout.write("À blanc : rien n'a été écrit.")
        self.stdout.write(
            f"Réponses {'à enregistrer' if dry_run else 'enregistrées'} : {bilan.enregistrees} ; déjà connues : {bilan.inchangees} ; rejetées : {bilan.rejetees}."
        )
        if bilan.rejetees:
            raise CommandError("Des lignes ont été rejetées.", returncode=REJETS)
