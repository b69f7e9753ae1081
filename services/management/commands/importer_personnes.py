"""importer_personnes: create and update the personnes sirénisées from INSEE's two stock files."""

import contextlib
import csv
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from accounts.saisies.regles import RegleMetier
from services.fichiers_insee import Progression, Rejet
from services.importation import TRANCHE, BilanImport, importer_personnes

REJETS_AFFICHES = 20

AIDE = """\
Crée et met à jour les personnes sirénisées d'après les fichiers « stock » de l'INSEE.

Les fichiers sont lus tels que l'INSEE les publie : CSV, .gz ou .zip. L'import peut être relancé à tout moment :
il ne modifie que ce qui a changé, et ne supprime jamais rien. Une ligne fautive est mise de côté, avec son numéro
et la raison ; elle n'arrête pas l'import. Une unité purgée, dont l'INSEE ne garde que le numéro, est comptée à part.

Codes de sortie : 0, tout a été lu ; 3, des lignes ont été rejetées ; 1, l'import n'a pas pu avoir lieu.
"""

EXEMPLE = """\
exemple :
  python manage.py importer_personnes StockUniteLegale_utf8.zip StockEtablissement_utf8.zip --rejets rejets.csv
"""


class Command(BaseCommand):
    help = AIDE

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        return super().create_parser(
            prog_name, subcommand, epilog=EXEMPLE, formatter_class=RawDescriptionHelpFormatter, **kwargs
        )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("unites", type=Path, help="fichier StockUniteLegale")
        parser.add_argument("etablissements", type=Path, help="fichier StockEtablissement")
        parser.add_argument("--rejets", type=Path, help="fichier CSV où écrire toutes les lignes rejetées")
        parser.add_argument("--dry-run", action="store_true", help="compter ce qui changerait, sans rien écrire")
        parser.add_argument(
            "--tranche", type=int, default=TRANCHE, help=f"nombre de SIREN par transaction ({TRANCHE} par défaut)"
        )

    def handle(
        self, *, unites: Path, etablissements: Path, rejets: Path | None, dry_run: bool, tranche: int, **options: Any
    ) -> None:
        if tranche < 1:
            raise CommandError("--tranche doit être supérieur à zéro.")
        premiers: list[Rejet] = []
        try:
            with _ecrire_rejets(rejets) as ecrire, _barres() as progression:

                def sur_rejet(rejet: Rejet) -> None:
                    ecrire(rejet)
                    if len(premiers) < REJETS_AFFICHES:
                        premiers.append(rejet)

                bilan = importer_personnes(
                    acteur="systeme:importer_personnes",
                    unites=unites,
                    etablissements=etablissements,
                    sur_rejet=sur_rejet,
                    progression=progression,
                    a_blanc=dry_run,
                    tranche=tranche,
                )
        except (RegleMetier, OSError) as erreur:
            raise CommandError(str(erreur)) from erreur
        self._rendre_compte(bilan, premiers, rejets, dry_run)
        if bilan.rejetees:
            raise SystemExit(3)

    def _rendre_compte(self, bilan: BilanImport, premiers: list[Rejet], rejets: Path | None, dry_run: bool) -> None:
        if dry_run:
            self.stdout.write("À blanc : rien n'a été écrit.")
        self.stdout.write(f"créées : {bilan.creees}")
        self.stdout.write(f"modifiées : {bilan.modifiees}")
        self.stdout.write(f"inchangées : {bilan.inchangees}")
        self.stdout.write(f"lignes rejetées : {bilan.rejetees}")
        if bilan.purgees:
            self.stdout.write(f"unités purgées par l'INSEE, dont rien n'est gardé : {bilan.purgees}")
        if bilan.sans_siege:
            self.stdout.write(f"sans siège dans le second fichier : {bilan.sans_siege}")
        for rejet in premiers:
            self.stderr.write(f"{rejet.fichier}, ligne {rejet.ligne} : {rejet.motif}")
        if bilan.rejetees > len(premiers):
            suite = f"voir {rejets}" if rejets else "relancez avec --rejets FICHIER pour les lire toutes"
            self.stderr.write(f"… et {bilan.rejetees - len(premiers)} autres lignes rejetées : {suite}.")


@contextlib.contextmanager
def _ecrire_rejets(fichier: Path | None) -> Iterator[Callable[[Rejet], object]]:
    """Give what writes a rejected line to `fichier`, or forgets it without one."""
    if fichier is None:
        yield lambda rejet: None
        return
    with fichier.open("w", encoding="utf-8", newline="") as flux:
        sortie = csv.writer(flux)
        sortie.writerow(Rejet._fields)
        yield sortie.writerow


@contextlib.contextmanager
def _barres() -> Iterator[Progression]:
    """Give what draws one progress bar per stage, on a terminal only."""
    barres: dict[str, tqdm[Any]] = {}

    def progression(etape: str, fait: int, total: int) -> None:
        if etape not in barres:
            barres[etape] = tqdm(desc=etape, total=total, unit_scale=True, disable=None)
        barres[etape].update(fait - barres[etape].n)

    try:
        yield progression
    finally:
        for barre in barres.values():
            barre.close()
