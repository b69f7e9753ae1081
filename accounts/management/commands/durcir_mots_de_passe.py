"""Harden the password policy: everybody is told by mail, then only the renewal is open to whom it concerns."""

from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.core.management.base import CommandError

from accounts.mots_de_passe.exigences import (
    LONGUEUR_EXIGIBLE,
    concernes,
    durcir_politique,
    exiger_durcissement,
    politique_exigee,
)
from accounts.mots_de_passe.force import Exigence, Niveau
from accounts.saisies.commande import Commande, NombreEntre, argument_jour
from accounts.saisies.dates import jour
from accounts.saisies.regles import RegleMetier

NIVEAUX = {"moyen": Niveau.MOYEN, "fort": Niveau.FORT, "tres-fort": Niveau.TRES_FORT}


class Command(Commande):
    help = (
        "Durcit la politique des mots de passe (CGU 3.2.d) : les usagers et les agents concernés en sont prévenus par "
        "courriel ; à partir de la date, seule la page de renouvellement leur est ouverte. Un mot de passe que sa saisie "
        "montre conforme n'est pas à renouveler. "
        "Exemple : manage.py durcir_mots_de_passe --longueur 24 --niveau fort --en-vigueur 2027-03-01 --dry-run"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--longueur",
            type=NombreEntre(1, LONGUEUR_EXIGIBLE),
            help="nombre minimal de caractères (celui d'aujourd'hui par défaut)",
        )
        parser.add_argument("--niveau", choices=NIVEAUX, help="niveau minimal (celui d'aujourd'hui par défaut)")
        parser.add_argument("--en-vigueur", type=argument_jour, required=True, help="jour, à 0 heure : 2027-03-01")
        parser.add_argument("--dry-run", action="store_true", help="compter sans rien écrire")

    def handle(self, *args: Any, **options: Any) -> None:
        impose_le: datetime = options["en_vigueur"]
        actuelle = politique_exigee().exigence
        niveau = NIVEAUX[options["niveau"]] if options["niveau"] else actuelle.niveau
        exigence = Exigence(options["longueur"] or actuelle.longueur, niveau)
        try:
            politique = exiger_durcissement(exigence, impose_le)
            lignes = list(concernes())
            if not options["dry_run"]:
                durcir_politique(acteur="systeme:durcir_mots_de_passe", exigence=exigence, impose_le=impose_le)
        except RegleMetier as regle:
            raise CommandError(str(regle)) from regle
        self.stdout.write(
            f"Version {politique.version} : {exigence.longueur} caractères, niveau {exigence.niveau.libelle}, "
            f"à partir du {jour(impose_le)}. Mots de passe acceptés jusqu'ici :"
        )
        for ligne in lignes:
            demande = ligne.politique.exigence
            self.stdout.write(
                f"  version {ligne.politique.version} ({demande.longueur} caractères, niveau {demande.niveau.libelle}) : "
                f"{ligne.usagers} usager(s), {ligne.agents} agent(s)"
            )
        fin = "Rien n'a été écrit." if options["dry_run"] else "Publiée : la tâche annoncer_politique les prévient."
        self.stdout.write(fin)
