"""Take an agent who lost device and recovery codes back to the first sign-in."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from accounts.gestion.agents import PreuveIdentite, fin_du_premier_mot_de_passe, reinitialiser_agent
from accounts.models import Agent, Compte
from accounts.saisies.commande import Commande, argument_identifiant
from accounts.saisies.dates import jour_heure


class Command(Commande):
    help = (
        "Efface le second facteur et les codes de secours d'un agent, ferme ses sessions et affiche, une seule fois, "
        "un nouveau premier mot de passe. Vérifiez d'abord son identité. "
        "Exemple : manage.py reinitialiser_agent --email anne.martin@exemple.fr --preuve CARTE"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--email", type=argument_identifiant, required=True, help="adresse de connexion de l'agent")
        parser.add_argument(
            "--preuve",
            choices=PreuveIdentite.values,
            required=True,
            help="comment son identité a été vérifiée ; le journal le garde : "
            + ", ".join(f"{code}, {mot}" for code, mot in PreuveIdentite.choices),
        )

    def handle(self, *args: Any, **options: Any) -> None:
        agent = (
            Agent.objects.select_related("compte").filter(compte__in=Compte.objects.d_adresse(options["email"])).first()
        )
        if agent is None:
            raise CommandError(f"Aucun agent n'a l'adresse {options['email']}.")
        premier = reinitialiser_agent(acteur="systeme:reinitialiser_agent", agent=agent, preuve=options["preuve"])
        fin = jour_heure(fin_du_premier_mot_de_passe(Compte.objects.get(pk=agent.compte_id)))
        self.stdout.write(f"Second facteur effacé et sessions fermées : {agent}, prévenu par courriel.")
        self.stdout.write(f"Premier mot de passe, à changer à la première connexion, avant le {fin} : {premier}")
