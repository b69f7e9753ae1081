"""Give an agent another function, or withdraw it: what no head of office can, the command does."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from accounts.gestion.equipe import donner_fonction
from accounts.models import Agent, Compte
from accounts.saisies.commande import Commande, argument_identifiant
from accounts.saisies.regles import RegleMetier


class Command(Commande):
    help = (
        "Donne une fonction à un agent, ou la lui retire (AUCUNE), ferme ses sessions et le prévient par courriel. "
        "Exemple : manage.py donner_fonction --email anne.martin@exemple.fr --fonction CHEF"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--email", type=argument_identifiant, required=True, help="adresse de connexion de l'agent")
        parser.add_argument("--fonction", choices=Agent.Fonction.values, required=True, help="sa nouvelle fonction")

    def handle(self, *args: Any, **options: Any) -> None:
        agent = Agent.objects.filter(compte__in=Compte.objects.d_adresse(options["email"])).first()
        if agent is None:
            raise CommandError(f"Aucun agent n'a l'adresse {options['email']}.")
        try:
            agent = donner_fonction(acteur="systeme:donner_fonction", agent=agent, fonction=options["fonction"])
        except RegleMetier as regle:
            raise CommandError(str(regle)) from regle
        self.stdout.write(f"{agent} : {agent.get_fonction_display()}.")
