"""Sign what the journal is, and have it leave the database."""

from typing import Any

from django.core.management.base import CommandParser

from accounts.donnees.attestation_quotidienne import attester_le_journal
from accounts.saisies.commande import Commande


class Command(Commande):
    help = (
        "Scelle ce qui attend, signe le dernier numéro et l’empreinte du journal, et les fait sortir de la base : fichier de log, "
        "courriel au responsable de la sécurité (COURRIEL_SECURITE), dossier (DOSSIER_ATTESTATIONS). Une attestation par jour, que "
        "la tâche fait seule. Exemple : manage.py attester_journal --maintenant"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--maintenant", action="store_true", help="même si celle du jour est faite")

    def handle(self, *args: Any, **options: Any) -> None:
        attestation = attester_le_journal(force=options["maintenant"])
        if attestation is None:
            self.stdout.write("Celle du jour est faite, ou le journal est vide : rien de plus.")
        else:
            self.stdout.write(self.style.SUCCESS(f"Attestation {attestation.numero} : {attestation.contenu}"))
