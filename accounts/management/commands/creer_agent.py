"""Create an agent and print the first password, once."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from accounts.gestion.agents import creer_agent, fin_du_premier_mot_de_passe
from accounts.models import Agent, ServiceGestionnaire
from accounts.saisies.commande import Commande, argument_identifiant, argument_ligne
from accounts.saisies.dates import jour_heure
from accounts.saisies.regles import RegleMetier


class Command(Commande):
    help = (
        "Crée un agent et affiche, une seule fois, son premier mot de passe, à remettre en main propre. "
        "Exemple : manage.py creer_agent --email anne.martin@exemple.fr --prenom Anne --nom Martin --service SIE75009"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--email", type=argument_identifiant, required=True, help="adresse de connexion")
        parser.add_argument("--prenom", type=argument_ligne, required=True, help="prénom de l'agent")
        parser.add_argument("--nom", type=argument_ligne, required=True, help="nom de l'agent")
        parser.add_argument("--service", type=argument_identifiant, required=True, help="code du service gestionnaire")
        parser.add_argument(
            "--fonction",
            choices=Agent.Fonction.values,
            default=Agent.Fonction.GESTIONNAIRE,
            help="ce que l'agent peut faire (%(default)s par défaut)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        service = ServiceGestionnaire.objects.filter(code=options["service"]).first()
        if service is None:
            raise CommandError(f"Aucun service gestionnaire ne porte le code {options['service']}.")
        try:
            agent, premier = creer_agent(
                acteur="systeme:creer_agent",
                email=options["email"],
                nom=options["nom"],
                prenom=options["prenom"],
                service=service,
                fonction=options["fonction"],
            )
        except RegleMetier as regle:
            raise CommandError(str(regle)) from regle
        self.stdout.write(f"Agent créé : {agent} ({agent.compte.email}), {agent.get_fonction_display()}, {service}.")
        fin = jour_heure(fin_du_premier_mot_de_passe(agent.compte))
        self.stdout.write(f"Premier mot de passe, à changer à la première connexion, avant le {fin} : {premier}")
