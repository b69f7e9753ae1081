"""remettre_courriers: hand the letters over to the print shop, one PDF and one manifest a batch."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from tqdm import tqdm

from accounts.saisies.commande import Commande, NombreEntre, argument_identifiant
from activation.courriers import remise
from activation.courriers.remise import Lot

AIDE = """\
Remet à l'imprimeur les courriers édités : un PDF par lot, et son manifeste (CSV).

Le manifeste donne, pour chaque courrier, son rang, ses pages, l'empreinte de son PDF et un sceau HMAC-SHA256 ; sa
dernière ligne scelle le lot entier. Chaque sceau porte sur les colonnes qui le précèdent, jointes par « | » ; celui de
la dernière ligne, aussi sur l'empreinte SHA-256 des lignes précédentes. L'imprimeur vérifie avec la clé que donne
--cle-imprimeur.

Peut être relancée à tout moment, même après un arrêt brutal : un lot inachevé est repris avec les mêmes courriers, et
aucun courrier n'est remis deux fois. Les fichiers portent des codes : transmettez-les par une voie sûre, puis effacez-les.

Codes de sortie : 0, tout est remis (ou rien n'attendait) ; 3, tout est remis, mais des courriers ne sont plus identiques
à l'original édité ; 4, une autre remise tourne ; 1, la remise n'a pas pu avoir lieu.
"""

EXEMPLE = """\
exemples :
  python manage.py remettre_courriers --dossier /var/lib/espacepro/remises
  python manage.py remettre_courriers --renvoi R-20261123-01
"""


class Command(Commande):
    help = AIDE
    exemple = EXEMPLE

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dossier", type=Path, default=remise.dossier_des_remises(), help="où écrire les fichiers")
        parser.add_argument(
            "--taille",
            type=NombreEntre(1, remise.COURRIERS_PAR_LOT_AU_PLUS),
            default=remise.COURRIERS_PAR_LOT,
            help=f"courriers par lot ({remise.COURRIERS_PAR_LOT} par défaut, {remise.COURRIERS_PAR_LOT_AU_PLUS} au plus)",
        )
        quoi = parser.add_mutually_exclusive_group()
        quoi.add_argument("--dry-run", action="store_true", help="dire ce qui attend, sans rien écrire")
        quoi.add_argument(
            "--renvoi",
            type=argument_identifiant,
            metavar="LOT",
            help="produire de nouveau les fichiers de ce lot achevé",
        )
        quoi.add_argument("--cle-imprimeur", action="store_true", help="afficher la clé des sceaux (secrète)")

    def handle(
        self, *, dossier: Path, taille: int, dry_run: bool, renvoi: str | None, cle_imprimeur: bool, **options: Any
    ) -> None:
        if cle_imprimeur:
            self.stdout.write(remise.cle_imprimeur())
            return
        if dry_run:
            self._annoncer(taille)
            return
        try:
            differents = self._renvoyer(renvoi, dossier) if renvoi else self._remettre(dossier, taille)
        except remise.RemiseEnCours as erreur:
            raise CommandError(str(erreur), returncode=4) from erreur
        except (remise.RemiseInconnue, OSError) as erreur:
            raise CommandError(str(erreur)) from erreur
        if differents:
            self.stderr.write(f"Plus identiques à l'original édité : {', '.join(differents)}")
            raise SystemExit(3)

    def _annoncer(self, taille: int) -> None:
        attente, inachevee = remise.compter()
        self.stdout.write(f"À blanc : {attente} courrier(s) à remettre, en lots de {taille} au plus.")
        if inachevee is not None:
            self.stdout.write(f"Le lot {inachevee.reference}, inachevé, serait repris d'abord.")

    def _remettre(self, dossier: Path, taille: int) -> list[str]:
        differents: list[str] = []
        with tqdm(total=remise.compter()[0], unit="courrier", disable=None) as barre:
            while lot := remise.remettre(dossier=dossier, taille=taille, progression=lambda *_: barre.update()):
                self._rendre_compte(lot)
                differents += lot.differents
        self.stdout.write("Aucun courrier n'attend plus.")
        return differents

    def _renvoyer(self, reference: str, dossier: Path) -> list[str]:
        with tqdm(unit="courrier", disable=None) as barre:
            lot = remise.renvoyer(reference=reference, dossier=dossier, progression=lambda *_: barre.update())
        self._rendre_compte(lot)
        return lot.differents

    def _rendre_compte(self, lot: Lot) -> None:
        self.stdout.write(f"{lot.reference} : {lot.courriers} courrier(s), {lot.pages} page(s), {lot.pdf}")
