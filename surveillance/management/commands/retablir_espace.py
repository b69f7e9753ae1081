"""retablir_espace: give back an access as two agents say, whose desk cannot be reached (R16)."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from accounts.gestion.fonctions import LECTEURS
from accounts.models import Agent, Compte, Espace
from accounts.saisies.commande import Commande, argument_identifiant, argument_ligne
from accounts.saisies.dates import jour_heure
from accounts.saisies.regles import RegleMetier
from surveillance.espaces.par_commande import retablir_espace
from surveillance.espaces.retablissement import REMISE_VALABLE, cas_de
from surveillance.models import Retablissement


def _liste(choix: list[tuple[str, Any]]) -> str:
    return " ; ".join(f"{code}, {mots}" for code, mots in choix)


class Command(Commande):
    help = (
        "Rétablit l'accès d'un détenteur reconnu au guichet, pour deux agents qui ne peuvent pas ouvrir /gestion/ : celui qui a vu "
        "sa pièce et sa preuve de légitimité, et un autre qui confirme. Appelez-les tous les deux d'abord : le journal les nomme, "
        "dit que l'exploitation a saisi, et tous sont prévenus par courriel. Le pli s'imprime ensuite depuis la page de l'espace, par l'un des deux : "
        "aucune commande ne l'écrit."
    )
    exemple = (
        "exemple :\n"
        "  python manage.py retablir_espace 20263274815936 --recu-par anne.martin@exemple.fr --second paul.roy@exemple.fr \\\n"
        '      --piece CARTE --derniers 3K7P --legitimite KBIS --motif "reconnue au guichet, panne de réseau du service"\n'
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("numero", type=argument_identifiant, help="numéro d'abonné de l'espace")
        parser.add_argument(
            "--recu-par",
            type=argument_identifiant,
            required=True,
            metavar="ADRESSE",
            help="adresse de l'agent qui a reconnu le détenteur",
        )
        parser.add_argument(
            "--second", type=argument_identifiant, required=True, metavar="ADRESSE", help="adresse du second agent"
        )
        parser.add_argument(
            "--piece",
            choices=Retablissement.Piece.values,
            required=True,
            help=f"pièce d'identité vue : {_liste(Retablissement.Piece.choices)}",
        )
        parser.add_argument(
            "--derniers", type=argument_identifiant, required=True, help="ses quatre derniers caractères"
        )
        parser.add_argument(
            "--legitimite",
            choices=Retablissement.Legitimite.values,
            required=True,
            help=f"preuve de légitimité vue : {_liste(Retablissement.Legitimite.choices)}",
        )
        parser.add_argument("--motif", type=argument_ligne, required=True, help="pourquoi, en 500 caractères au plus")
        parser.add_argument(
            "--adresse",
            type=argument_identifiant,
            default="",
            help="autre adresse de connexion que donne le détenteur ; elle vaut une fois confirmée par son lien",
        )
        parser.add_argument("--dry-run", action="store_true", help="dire ce qui serait rétabli, sans rien écrire")

    def handle(
        self,
        *,
        numero: str,
        recu_par: str,
        second: str,
        piece: str,
        derniers: str,
        legitimite: str,
        motif: str,
        adresse: str,
        dry_run: bool,
        **options: Any,
    ) -> None:
        espace = Espace.objects.filter(numero_abonne=numero).select_related("compte").first()
        if espace is None:
            raise CommandError(f"Aucun espace ne porte le numéro {numero}.")
        demandeur, autre = _agent(recu_par), _agent(second)
        if dry_run:
            cas = cas_de(espace)
            self.stdout.write(
                "À blanc : cet accès n'est pas à rétablir."
                if cas is None
                else f"À blanc : {cas.label}. Reçu par {demandeur}, confirmé par {autre}."
            )
            return
        try:
            retablissement = retablir_espace(
                espace=espace,
                demandeur=demandeur,
                second=autre,
                piece=piece,
                piece_derniers=derniers,
                legitimite=legitimite,
                motif=motif,
                nouvelle_adresse=adresse,
            )
        except RegleMetier as regle:
            raise CommandError(str(regle)) from regle
        fin = jour_heure(retablissement.accorde_le + REMISE_VALABLE)
        self.stdout.write(f"Accès à l'espace {espace.numero_lisible} rétabli. Son détenteur est prévenu.")
        self.stdout.write(f"{demandeur} ou {autre}, s'il est du service, imprime le pli avant le {fin}.")


def _agent(adresse: str) -> Agent:
    """Return the agent of this address, who may still act. Raises: CommandError."""
    agent = (
        Agent.objects.select_related("compte", "service_gestionnaire")
        .filter(compte__in=Compte.objects.d_adresse(adresse), compte__is_active=True, fonction__in=LECTEURS)
        .first()
    )
    if agent is None:
        raise CommandError(f"Aucun agent en exercice n'a l'adresse {adresse}.")
    return agent
