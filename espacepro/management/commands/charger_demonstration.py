"""Fill a demonstration: schema, catalogue, companies of the INSEE extract, and people to sign in as."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import CommandError, CommandParser, call_command
from django.db import transaction
from django.utils import timezone

from accounts.envois.liens import jeton
from accounts.espace.inscription import confirmer_adresse, inscrire_expert, renvoyer_confirmation
from accounts.espace.recapitulatif import noter_reponse_montree
from accounts.models import Agent, Compte, Espace
from accounts.saisies.commande import Commande
from accounts.traces.acteurs import Visiteur
from activation.demandes.adhesion import deposer_adhesion, services_proposables
from activation.models import Demande
from espacepro.demonstration.comptes import (
    CHEFFE,
    COMPTABLE,
    COMPTES,
    DIRIGEANTE,
    GESTIONNAIRE,
    SURVEILLANCE,
    USAGERS,
    CompteDemonstration,
)
from espacepro.demonstration.horloge import il_y_a
from espacepro.demonstration.lettres import editer_a_sa_date, lettre_recue
from espacepro.demonstration.monde import charger_monde, comme_il_y_a_un_an, inscription_de
from espacepro.demonstration.recit import Scene, raconter
from services.models import PersonneSirenisee

SIRENE = Path(__file__).resolve().parent.parent.parent / "demonstration" / "sirene"
DANONE, AIRBUS = "552032534", "383474814"
SERVICES_OUVERTS = 6


class Command(Commande):
    help = (
        "Prépare la base d'une démonstration : schéma, catalogue, entreprises de l'extrait SIRENE, comptes. "
        "Peut être relancée : ne refait que ce qui manque. Exemple : python3 run.py manage charger_demonstration"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--sans-monde",
            action="store_true",
            help="laisse de côté les entreprises et les personnes inventées, plus longues à charger",
        )

    def handle(self, *, sans_monde: bool = False, **options: Any) -> None:
        """Load all that is missing, by the same acts as everybody. Raises CommandError outside a demonstration."""
        if not settings.DEMONSTRATION:
            raise CommandError(
                "Refusé : les mots de passe de la démonstration sont publics (ESPACEPRO_MODE=demonstration)."
            )
        call_command("migrate", interactive=False, verbosity=0)
        adresses = [compte.email for compte in COMPTES]
        if Compte.objects.exists() and not Compte.objects.filter(email__in=adresses).exists():
            raise CommandError(
                "Refusé : cette base contient déjà des comptes qui ne sont pas ceux de la démonstration."
            )
        call_command("charger_catalogue")
        call_command("charger_echeances")
        call_command(
            "importer_personnes", SIRENE / "StockUniteLegale_extrait.csv", SIRENE / "StockEtablissement_extrait.csv"
        )
        comme_il_y_a_un_an(PersonneSirenisee.objects.filter(cree_le__gt=timezone.now() - timedelta(days=1)))
        with il_y_a(10):
            dirigeante = _ouvrir_espace(DIRIGEANTE)
        _ouvrir_services(dirigeante, PersonneSirenisee.objects.get(siren=DANONE))
        espaces = {compte: _ouvrir_espace(compte) for compte in USAGERS}
        _demander_services(espaces[COMPTABLE], PersonneSirenisee.objects.get(siren=AIRBUS), Demande.Qualite.MANDATAIRE)
        agent = _nommer_agent(GESTIONNAIRE, Agent.Fonction.GESTIONNAIRE)
        _nommer_agent(CHEFFE, Agent.Fonction.CHEF)
        _nommer_agent(SURVEILLANCE, Agent.Fonction.SURVEILLANCE)
        if not sans_monde:
            charger_monde(ouvrir=_ouvrir_espace, agent=agent)
        self.stdout.write(self.style.SUCCESS("La démonstration est prête."))


def _ouvrir_espace(compte: CompteDemonstration) -> Espace:
    """Return the espace expert of this person, created where it is missing, confirmed where it waits."""
    espace = Espace.objects.filter(compte__email=compte.email).first() or _inscrire(compte)
    if espace.etat != Espace.Etat.EN_ATTENTE_COURRIEL:
        return espace
    renvoyer_confirmation(acteur=espace)  # nothing when the last link is fresh
    lien = espace.liens.get(consomme_le=None, revoque_le=None)
    return confirmer_adresse(acteur=Visiteur(jeton=jeton(lien)), mot_de_passe=compte.mot_de_passe)


def _inscrire(compte: CompteDemonstration) -> Espace:
    espace = inscrire_expert(acteur=Visiteur(), inscription=inscription_de(compte))
    if espace is None:
        raise CommandError(f"{compte.email} appartient à un compte qui n'a pas d'espace.")
    noter_reponse_montree(acteur=espace)  # the demonstration prints it
    return espace


def _demander_services(
    espace: Espace, personne: PersonneSirenisee, qualite: Demande.Qualite = Demande.Qualite.REPRESENTANT_LEGAL
) -> Demande:
    """Return the demande of `espace` for `personne`, asking for some services where there is none."""
    if existante := espace.demandes.filter(personne=personne).order_by("deposee_le").first():
        return existante
    libres = [ligne.service for ligne in services_proposables(espace, personne) if ligne.libre]
    return deposer_adhesion(
        acteur=espace,
        personne=personne,
        services=libres[:SERVICES_OUVERTS],
        qualite=qualite,
    )


def _ouvrir_services(espace: Espace, personne: PersonneSirenisee) -> None:
    """Ask, have the letter made and posted, and enter its code, as a titulaire does over some days."""
    demandes = Demande.objects.filter(espace=espace, personne=personne)
    raconter(
        (
            Scene(9, lambda: editer_a_sa_date(_demander_services(espace, personne)), faite=demandes.exists),
            *lettre_recue(demandes, remise=8, code=5),
        )
    )


@transaction.atomic
def _nommer_agent(compte: CompteDemonstration, fonction: Agent.Fonction) -> Agent:
    nomme = Agent.objects.filter(compte__email=compte.email).first()
    return nomme or Agent.objects.create(
        compte=Compte.objects.creer(email=compte.email, mot_de_passe=compte.mot_de_passe, is_staff=True),
        service_gestionnaire=PersonneSirenisee.objects.get(siren=DANONE).service_gestionnaire,
        fonction=fonction,
        nom=compte.nom,
        prenom=compte.prenom,
    )
