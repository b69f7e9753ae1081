"""Encrypt the IBAN of the bank references again, under the newest key of CLE_CHIFFREMENT."""

from typing import Any

from django.core.management.base import CommandError

from accounts.saisies.commande import Commande
from services.banque.chiffrement import rechiffrer_iban
from services.models.banque import SecretIllisible


class Command(Commande):
    help = (
        "Chiffre de nouveau, sous la première clé de CLE_CHIFFREMENT, les IBAN des comptes bancaires qu'une autre clé garde : "
        "celle-ci peut ensuite être retirée. Peut être relancée. Exemple : manage.py rechiffrer_iban"
    )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            nombre = rechiffrer_iban(acteur="systeme:rechiffrer_iban")
        except SecretIllisible as erreur:
            raise CommandError(f"Une ancienne clé manque dans CLE_CHIFFREMENT : {erreur}") from erreur
        self.stdout.write(f"IBAN chiffrés sous la nouvelle clé : {nombre}.")
