"""importer_personnes: create and update the personnes sirénisées from INSEE's two stock files."""

import contextlib
import csv
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from tqdm import tqdm

from accounts.saisies.commande import Commande, NombreEntre
from accounts.saisies.regles import RegleMetier
from services.fichiers_insee import Progression, Rejet
from services.importation import TRANCHE, TRANCHE_AU_PLUS, BilanImport, importer_personnes
from services.registre.identification import importer_identifications
from services.registre.import_representants import importer_representants

OPERATEUR = "systeme:importer_personnes"
REJETS_AFFICHES = 20

AIDE = """\
Crée et met à jour les personnes sirénisées d'après les fichiers « stock » de l'INSEE.

Les fichiers sont lus tels que l'INSEE les publie : CSV, .gz ou .zip. L'import peut être relancé à tout moment :
il ne modifie que ce qui a changé, et ne supprime jamais rien. Une ligne fautive est mise de côté, avec son numéro
et la raison ; elle n'arrête pas l'import. Une unité purgée, dont l'INSEE ne garde que le numéro, est comptée à part.

Deux fichiers CSV facultatifs, seuls ou avec ceux de l'INSEE, lus après eux :
  --representants  SIREN;nom;prénoms;qualité;depuis le   un représentant légal par SIREN (les sociétés, surtout)
  --idsp           IDSP;SIREN                            les identifiants provisoires qui ont reçu leur SIREN
Séparés par des points-virgules, des virgules ou des tabulations, en UTF-8 ou Windows-1252.

Codes de sortie : 0, tout a été lu ; 3, des lignes ont été rejetées ; 1, l'import n'a pas pu avoir lieu.
"""

EXEMPLE = """\
exemple :
  python manage.py importer_personnes StockUniteLegale_utf8.zip StockEtablissement_utf8.zip --rejets rejets.csv
  python manage.py importer_personnes --representants representants.csv --idsp idsp.csv --dry-run
"""


class Command(Commande):
    help = AIDE
    exemple = EXEMPLE

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("unites", nargs="?", type=Path, help="fichier StockUniteLegale")
        parser.add_argument("etablissements", nargs="?", type=Path, help="fichier StockEtablissement")
        parser.add_argument("--representants", type=Path, help="fichier CSV des représentants légaux")
        parser.add_argument("--idsp", type=Path, help="fichier CSV des IDSP et de leurs SIREN")
        parser.add_argument("--rejets", type=Path, help="fichier CSV où écrire toutes les lignes rejetées")
        parser.add_argument("--dry-run", action="store_true", help="compter ce qui changerait, sans rien écrire")
        parser.add_argument(
            "--tranche",
            type=NombreEntre(1, TRANCHE_AU_PLUS),
            default=TRANCHE,
            help=f"nombre de SIREN par transaction ({TRANCHE} par défaut, {TRANCHE_AU_PLUS} au plus)",
        )

    def handle(
        self,
        *,
        unites: Path | None,
        etablissements: Path | None,
        representants: Path | None,
        idsp: Path | None,
        rejets: Path | None,
        dry_run: bool,
        tranche: int,
        **options: Any,
    ) -> None:
        if (unites is None) != (etablissements is None):
            raise CommandError("Donnez les deux fichiers de l'INSEE, ou aucun.")
        if not any((unites, representants, idsp)):
            raise CommandError("Donnez les deux fichiers de l'INSEE, --representants ou --idsp.")
        if dry_run:
            self.stdout.write("À blanc : rien n'a été écrit.")
        premiers: list[Rejet] = []
        nombre = 0
        try:
            with _ecrire_rejets(rejets) as ecrire, _barres() as progression:

                def sur_rejet(rejet: Rejet) -> None:
                    nonlocal nombre
                    nombre += 1
                    ecrire(rejet)
                    if len(premiers) < REJETS_AFFICHES:
                        premiers.append(rejet)

                if unites is not None and etablissements is not None:
                    bilan = importer_personnes(
                        acteur=OPERATEUR,
                        unites=unites,
                        etablissements=etablissements,
                        sur_rejet=sur_rejet,
                        progression=progression,
                        a_blanc=dry_run,
                        tranche=tranche,
                    )
                    self._rendre_compte(bilan)
                self._importer_les_autres(representants, idsp, sur_rejet, dry_run)
        except (RegleMetier, OSError) as erreur:
            raise CommandError(str(erreur)) from erreur
        self._dire_les_rejets(nombre, premiers, rejets)
        if nombre:
            raise SystemExit(3)

    def _importer_les_autres(
        self, representants: Path | None, idsp: Path | None, sur_rejet: Callable[[Rejet], None], a_blanc: bool
    ) -> None:
        if representants is not None:
            dits = importer_representants(acteur=OPERATEUR, fichier=representants, sur_rejet=sur_rejet, a_blanc=a_blanc)
            self.stdout.write(
                f"représentants légaux établis : {dits.etablis}, changés : {dits.changes}, "
                f"inchangés : {dits.inchanges}, constatés depuis par un agent : {dits.conserves}"
            )
        if idsp is not None:
            identifies = importer_identifications(acteur=OPERATEUR, fichier=idsp, sur_rejet=sur_rejet, a_blanc=a_blanc)
            self.stdout.write(f"SIREN attribués : {identifies.attribues}, déjà attribués : {identifies.deja}")

    def _rendre_compte(self, bilan: BilanImport) -> None:
        self.stdout.write(f"créées : {bilan.creees}")
        self.stdout.write(f"modifiées : {bilan.modifiees}")
        self.stdout.write(f"inchangées : {bilan.inchangees}")
        if bilan.cessations or bilan.reouvertures:
            self.stdout.write(f"cessations : {bilan.cessations}, réouvertures : {bilan.reouvertures}")
        if bilan.purgees:
            self.stdout.write(f"unités purgées par l'INSEE, dont rien n'est gardé : {bilan.purgees}")
        if bilan.sans_siege:
            self.stdout.write(f"sans siège dans le second fichier : {bilan.sans_siege}")

    def _dire_les_rejets(self, nombre: int, premiers: list[Rejet], rejets: Path | None) -> None:
        self.stdout.write(f"lignes rejetées : {nombre}")
        for rejet in premiers:
            self.stderr.write(f"{rejet.fichier}, ligne {rejet.ligne} : {rejet.motif}")
        if nombre > len(premiers):
            suite = f"voir {rejets}" if rejets else "relancez avec --rejets FICHIER pour les lire toutes"
            self.stderr.write(f"… et {nombre - len(premiers)} autres lignes rejetées : {suite}.")


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
