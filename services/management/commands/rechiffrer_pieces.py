"""Seal the keys of the attachments again, under the newest key of CLE_CHIFFREMENT."""

from typing import Any

from django.core.management.base import CommandError

from accounts.saisies.commande import Commande
from services.messagerie.pieces.rechiffrement import rechiffrer_pieces
from services.models.messagerie import SecretIllisible


class Command(Commande):
    help = (
        "Chiffre de nouveau, sous la première clé de CLE_CHIFFREMENT, les clés des pièces jointes qu’une autre clé garde : "
        "celle-ci peut ensuite être retirée. Aucun fichier n’est réécrit. Peut être relancée. "
        "Exemple : manage.py rechiffrer_pieces"
    )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            nombre = rechiffrer_pieces(acteur="systeme:rechiffrer_pieces")
        except SecretIllisible as erreur:
            raise CommandError(f"Une ancienne clé manque dans CLE_CHIFFREMENT : {erreur}") from erreur
        self.stdout.write(f"Clés de pièces jointes chiffrées sous la nouvelle clé : {nombre}.")
