"""desactiver_espace: disable an espace that somebody else uses, or undo it within seven days (R15)."""

from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.core.management.base import CommandError

from accounts.models import Espace
from accounts.saisies.commande import Commande, argument_identifiant, argument_jour, argument_ligne
from accounts.saisies.regles import RegleMetier
from surveillance.alertes.ensembles import alertes_ouvertes
from surveillance.espaces.desactivation import (
    annuler_desactivation,
    desactivation_en_cours,
    desactiver_espace,
    effets_de,
)
from surveillance.models import Desactivation

ACTEUR = "systeme:desactiver_espace"


class Command(Commande):
    help = (
        "Désactive un espace utilisé par un autre que son détenteur : mot de passe et réponse de confiance changés d'office, "
        "sessions, liens et navigateurs oubliés, changements en attente arrêtés. Ce qui a été accordé depuis le premier acte "
        "suspect est mis en veille. Le détenteur est prévenu. Avec --annuler, défait une désactivation de moins de 7 jours."
    )
    exemple = (
        "exemples :\n"
        '  python manage.py desactiver_espace 20263274815936 --depuis 2026-11-28 --motif "signalé par la banque"\n'
        '  python manage.py desactiver_espace 20263274815936 --annuler --motif "déplacement confirmé par le détenteur"\n'
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("numero", type=argument_identifiant, help="numéro d'abonné de l'espace")
        parser.add_argument("--motif", type=argument_ligne, required=True, help="pourquoi, en 500 caractères au plus")
        parser.add_argument("--depuis", type=argument_jour, metavar="JOUR", help="jour du premier acte suspect")
        parser.add_argument(
            "--raison",
            choices=Desactivation.Raison.values,
            default=Desactivation.Raison.INHABITUEL,
            help="ce qui est dit au détenteur (INHABITUEL par défaut)",
        )
        quoi = parser.add_mutually_exclusive_group()
        quoi.add_argument("--annuler", action="store_true", help="défaire la désactivation en cours")
        quoi.add_argument("--dry-run", action="store_true", help="dire ce qui serait arrêté, sans rien écrire")

    def handle(
        self,
        *,
        numero: str,
        motif: str,
        depuis: datetime | None,
        raison: str,
        annuler: bool,
        dry_run: bool,
        **options: Any,
    ) -> None:
        espace = Espace.objects.filter(numero_abonne=numero).first()
        if espace is None:
            raise CommandError(f"Aucun espace ne porte le numéro {numero}.")
        if annuler:
            self._annuler(espace, motif)
            return
        if depuis is None:
            raise CommandError("Indiquez le jour du premier acte suspect : --depuis 2026-11-28")
        if dry_run:
            for effet in effets_de(espace, depuis):
                self.stdout.write(f"{effet.titre} :")
                self.stdout.writelines(f"  {ligne}" for ligne in effet.lignes)
            self.stdout.write("À blanc : rien n'est désactivé.")
            return
        try:
            desactiver_espace(
                acteur=ACTEUR,
                espace=espace,
                raison=raison,
                motif=motif,
                depuis=depuis,
                alertes=list(alertes_ouvertes(espace)),
            )
        except RegleMetier as regle:
            raise CommandError(str(regle)) from regle
        self.stdout.write(f"Espace {espace.numero_lisible} désactivé. Son détenteur est prévenu.")

    def _annuler(self, espace: Espace, motif: str) -> None:
        desactivation = desactivation_en_cours(espace)
        if desactivation is None:
            raise CommandError("Cet espace n'a pas de désactivation en cours.")
        try:
            annuler_desactivation(acteur=ACTEUR, desactivation=desactivation, motif=motif)
        except RegleMetier as regle:
            raise CommandError(str(regle)) from regle
        self.stdout.write(f"Désactivation de l'espace {espace.numero_lisible} annulée.")
