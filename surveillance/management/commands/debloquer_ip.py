"""debloquer_ip: let a blocked address or network in again (R17)."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from accounts.saisies.commande import Commande, argument_identifiant
from accounts.saisies.regles import RegleMetier
from surveillance.automates.blocages import debloquer_ip, lire_reseau
from surveillance.models import BlocageIP

ACTEUR = "systeme:debloquer_ip"


class Command(Commande):
    help = (
        "Lève le blocage d'une adresse ou d'un réseau, comme « bloquer_ip » l'a écrit. Effectif partout en 5 secondes."
    )
    exemple = "exemple :\n  python manage.py debloquer_ip 203.0.113.7\n"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("reseau", type=argument_identifiant, help="adresse ou réseau bloqué")

    def handle(self, *, reseau: str, **options: Any) -> None:
        try:
            blocage = BlocageIP.objects.filter(reseau=str(lire_reseau(reseau)), leve_le=None).first()
            if blocage is None:
                raise CommandError(f"Aucun blocage en cours de {reseau}.")
            debloquer_ip(acteur=ACTEUR, blocage=blocage)
        except RegleMetier as regle:
            raise CommandError(str(regle)) from regle
        self.stdout.write(f"{blocage.reseau_lisible} n'est plus bloqué.")
