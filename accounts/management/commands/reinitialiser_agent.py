"""Take an agent who lost device and recovery codes back to the first sign-in."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from accounts.gestion.agents import reinitialiser_agent
from accounts.models import Agent, Compte
from accounts.saisies.commande import Commande, argument_identifiant


class Command(Commande):
    help = (
        "Efface le second facteur et les codes de secours d'un agent, ferme ses sessions et affiche, une seule fois, "
        "un nouveau premier mot de passe. Vérifiez d'abord son identité. "
        "Exemple : manage.py reinitialiser_agent --email anne.martin@exemple.fr"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--email", type=argument_identifiant, required=True, help="adresse de connexion de l'agent")

    def handle(self, *args: Any, **options: Any) -> None:
        agent = (
            Agent.objects.select_related("compte").filter(compte__in=Compte.objects.d_adresse(options["email"])).first()
        )
        if agent is None:
            raise CommandError(f"Aucun agent n'a l'adresse {options['email']}.")
        premier = reinitialiser_agent(acteur="systeme:reinitialiser_agent", agent=agent)
        self.stdout.write(f"Second facteur effacé et sessions fermées : {agent}.")
        self.stdout.write(f"Premier mot de passe, à changer à la première connexion : {premier}")
