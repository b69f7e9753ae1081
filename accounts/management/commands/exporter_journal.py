"""Write a sealed extract of the journal."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from accounts.donnees.preuves import exporter_journal
from accounts.models import Evenement
from accounts.saisies.commande import Commande, argument_identifiant, argument_jour, argument_ligne

FILTRES = {
    "acte": ("acte", "code de l’acte, comme « mot_de_passe.change »"),
    "auteur": ("auteur", "numéro d’abonné, « agent:… » ou « systeme:… »"),
    "espace": ("espace", "numéro d’abonné de l’espace concerné"),
    "siren": ("siren", "SIREN"),
    "du": ("quand__gte", "à partir de ce jour, comme 2027-03-01"),
    "au": ("quand__lt", "jusqu’à ce jour, exclu"),
}


class Command(Commande):
    help = (
        "Écrit un extrait du journal, et à côté (.sceau.json) son empreinte et ce qui a été demandé, signés de la clé du journal. "
        "Exemple : manage.py exporter_journal --fichier extrait.csv --siren 552032534 --du 2027-03-01 --motif 'contrôle interne'"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--fichier", type=Path, required=True, help="fichier à écrire, en .csv ou en .json")
        parser.add_argument("--motif", type=argument_ligne, required=True, help="pourquoi : le journal le garde")
        for nom, (_, aide) in FILTRES.items():
            parser.add_argument(
                f"--{nom}", type=argument_jour if nom in {"du", "au"} else argument_identifiant, help=aide
            )

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the extract and its seal."""
        fichier: Path = options["fichier"]
        if fichier.suffix not in {".csv", ".json"}:
            raise CommandError("Le fichier doit finir par .csv ou .json.")
        demandes = {nom: options[nom] for nom in FILTRES if options[nom] is not None}
        with fichier.open("w", encoding="utf-8", newline="") as sortie:
            sceau = exporter_journal(
                acteur="systeme:exporter_journal",
                lignes=Evenement.objects.filter(**{FILTRES[nom][0]: valeur for nom, valeur in demandes.items()}),
                filtres={nom: str(valeur) for nom, valeur in demandes.items()},
                forme=fichier.suffix[1:],
                sortie=sortie,
                motif=options["motif"],
            )
        a_cote = fichier.with_suffix(f"{fichier.suffix}.sceau.json")
        a_cote.write_text(json.dumps(sceau, ensure_ascii=False, indent=1), encoding="utf-8")
        self.stdout.write(self.style.SUCCESS(f"Extrait : {fichier}, son sceau : {a_cote}"))
