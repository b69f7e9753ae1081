"""bloquer_ip: refuse what comes from an address or a network, for a time (R17)."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import CommandError

from accounts.saisies.commande import Commande, NombreEntre, argument_identifiant, argument_ligne
from accounts.saisies.dates import jour_heure
from accounts.saisies.regles import RegleMetier
from surveillance.automates.blocages import bloquer_ip

ACTEUR = "systeme:bloquer_ip"
MINUTES_AU_PLUS = 60 * 24 * 365


class Command(Commande):
    help = (
        "Bloque une adresse ou un réseau d'où viennent des demandes automatiques : tout est refusé, sauf aux navigateurs déjà connus "
        "d'un compte. Effectif partout en 5 secondes."
    )
    exemple = 'exemple :\n  python manage.py bloquer_ip 203.0.113.7 --minutes 60 --motif "aspiration de la liste des services"\n'

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "reseau", type=argument_identifiant, help="adresse, ou réseau : 203.0.113.0/24, 2001:db8::/64"
        )
        parser.add_argument("--motif", type=argument_ligne, required=True, help="pourquoi, en 200 caractères au plus")
        duree = parser.add_mutually_exclusive_group()
        duree.add_argument(
            "--minutes", type=NombreEntre(1, MINUTES_AU_PLUS), default=24 * 60, help="durée (24 heures par défaut)"
        )
        duree.add_argument("--sans-fin", action="store_true", help="jusqu'à ce que le blocage soit levé")

    def handle(self, *, reseau: str, motif: str, minutes: int, sans_fin: bool, **options: Any) -> None:
        duree = None if sans_fin else timedelta(minutes=minutes)
        try:
            blocage = bloquer_ip(acteur=ACTEUR, reseau=reseau, motif=motif, duree=duree)
        except RegleMetier as regle:
            raise CommandError(str(regle)) from regle
        fin = f"jusqu'au {jour_heure(blocage.jusqu_a)}" if blocage.jusqu_a else "jusqu'à sa levée"
        self.stdout.write(f"{blocage.reseau_lisible} est bloqué {fin}.")
