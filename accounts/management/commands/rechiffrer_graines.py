"""Encrypt the seeds of the second factors again, under the newest key of CLE_CHIFFREMENT."""

from typing import Any

from django.core.management.base import CommandError

from accounts.chiffrement import SecretIllisible
from accounts.facteurs.second_facteur import rechiffrer_graines
from accounts.saisies.commande import Commande


class Command(Commande):
    help = (
        "Chiffre de nouveau, sous la première clé de CLE_CHIFFREMENT, les secrets des applications d'authentification "
        "qu'une autre clé garde : celle-ci peut ensuite être retirée. Peut être relancée. "
        "Exemple : manage.py rechiffrer_graines"
    )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            nombre = rechiffrer_graines(acteur="systeme:rechiffrer_graines")
        except SecretIllisible as erreur:
            raise CommandError(f"Une ancienne clé manque dans CLE_CHIFFREMENT : {erreur}") from erreur
        self.stdout.write(f"Secrets chiffrés sous la nouvelle clé : {nombre}.")
