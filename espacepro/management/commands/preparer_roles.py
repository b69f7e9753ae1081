"""Prepare the two roles of the database."""

from typing import Any

from django.conf import settings
from django.core.management import CommandError, CommandParser, call_command

from accounts.saisies.commande import Commande
from espacepro.roles import RoleImpossible, preparer_roles


class Command(Commande):
    help = (
        "Donne au rôle de l’application ce qu’il lui faut, et rien de plus : il ajoute au journal et le lit, sans pouvoir le "
        "modifier, l’effacer ni en écarter les déclencheurs. À lancer sous le rôle qui possède les tables (DATABASE_URL), celui "
        "de l’application étant nommé par DATABASE_URL_APPLICATION ; il est créé s’il manque. Peut être relancée. "
        "Exemple : manage.py preparer_roles --migrer"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--migrer", action="store_true", help="applique d’abord les migrations")

    def handle(self, *args: Any, **options: Any) -> None:
        """Prepare the roles. Raises CommandError without a role to prepare."""
        role = settings.APPLICATION.get("USER", "")
        if not role:
            raise CommandError("DATABASE_URL_APPLICATION ne nomme aucun rôle : postgres://role:mot_de_passe@hote/base.")
        if options["migrer"]:
            call_command("migrate", interactive=False, verbosity=options["verbosity"], skip_checks=True)
        try:
            preparer_roles(role=role, mot_de_passe=settings.APPLICATION.get("PASSWORD", ""))
        except RoleImpossible as erreur:
            raise CommandError(str(erreur)) from erreur
        self.stdout.write(self.style.SUCCESS(f"Le rôle {role} n’a que ce qu’il lui faut."))
