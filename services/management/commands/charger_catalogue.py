"""charger_catalogue: load the catalogue of services and the services gestionnaires."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.db import transaction

from accounts.saisies.commande import Commande
from accounts.saisies.dates import jour
from accounts.saisies.regles import RegleMetier
from services.catalogue.chargement import (
    CATALOGUE,
    SERVICES_GESTIONNAIRES,
    Bilan,
    charger_catalogue,
    charger_services_gestionnaires,
)

AIDE = """\
Charge le catalogue des services en ligne et les services gestionnaires, d'après deux fichiers TOML.

Peut être relancée à tout moment : seul ce qui a changé est écrit, rien n'est supprimé. Un service que le fichier n'a
plus, ou auquel il donne un dernier jour (ferme_le), est retiré : rien ne ferme avant que ceux qui s'en servent aient été
prévenus ; remis au fichier, il reste ouvert. Si l'un des fichiers est fautif, rien n'est chargé. Codes de sortie : 0, chargé ; 1, un fichier est illisible ou fautif.
"""

EXEMPLE = """\
exemple :
  python manage.py charger_catalogue --services-gestionnaires /etc/espacepro/services_gestionnaires.toml
"""


class Command(Commande):
    help = AIDE
    exemple = EXEMPLE

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--fichier", type=Path, default=CATALOGUE, help="catalogue des services")
        parser.add_argument(
            "--services-gestionnaires",
            type=Path,
            default=SERVICES_GESTIONNAIRES,
            help="services gestionnaires (ceux de démonstration par défaut)",
        )
        parser.add_argument("--dry-run", action="store_true", help="dire ce qui changerait, sans rien écrire")

    def handle(self, *, fichier: Path, services_gestionnaires: Path, dry_run: bool, **options: Any) -> None:
        try:
            with transaction.atomic():
                bilans = {
                    "services": charger_catalogue(fichier=fichier),
                    "services gestionnaires": charger_services_gestionnaires(fichier=services_gestionnaires),
                }
                transaction.set_rollback(dry_run)
        except RegleMetier as erreur:
            raise CommandError(str(erreur)) from erreur
        if dry_run:
            self.stdout.write("À blanc : rien n'a été écrit.")
        for titre, bilan in bilans.items():
            self._rendre_compte(titre, bilan)

    def _rendre_compte(self, titre: str, bilan: Bilan) -> None:
        self.stdout.write(
            f"{titre} : créés {len(bilan.crees)}, modifiés {len(bilan.modifies)}, inchangés {len(bilan.inchanges)}"
        )
        if bilan.modifies:
            self.stdout.write(f"  modifiés : {', '.join(bilan.modifies)}")
        for code, fin in bilan.retires.items():
            self.stdout.write(f"  retiré : {code}, ouvert jusqu'au {jour(fin)} ; ceux qui s'en servent seront prévenus")
        if bilan.retablis:
            self.stdout.write(f"  retrait annulé : {', '.join(bilan.retablis)}")
        if bilan.absents:
            self.stdout.write(f"  absents du fichier, gardés : {', '.join(bilan.absents)}")
