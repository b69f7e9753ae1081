"""What the disablings begin with: an accountant, what he held before and granted since, the cell."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.gestion.contreseings import contresigner
from accounts.models import Agent, Contreseing, Espace
from habilitations.models import Habilitation, Role
from surveillance.espaces.desactivation import desactiver_espace
from surveillance.espaces.retablissement import demander_retablissement
from surveillance.models import Desactivation, Retablissement
from tests.factories import AgentFactory, EspaceFactory, PersonneFactory, ServiceFactory, accorder, habiliter

MOTIF = "Connexion de l’étranger, puis trois désignations en deux minutes."


class Compromis:
    """Karine's espace, that somebody else took two hours ago: an old grant to Inès, a new one to Victor."""

    def __init__(self) -> None:
        self.maintenant: datetime = timezone.now()
        self.depuis = self.maintenant - timedelta(hours=2)
        self.cellule: Agent = AgentFactory(fonction=Agent.Fonction.SURVEILLANCE)
        self.guichet: Agent = AgentFactory()
        self.second: Agent = AgentFactory(service_gestionnaire=self.guichet.service_gestionnaire)
        self.personne = PersonneFactory(service_gestionnaire=self.guichet.service_gestionnaire)
        self.espace: Espace = EspaceFactory(
            prenom="Karine",
            nom="Vidal",
            siren_appartenance=self.personne.siren,
            voie="4 rue des Acacias",
            code_postal="69003",
            commune="Lyon",
        )
        self.ines: Espace = EspaceFactory(prenom="Inès", nom="Colin")
        self.victor: Espace = EspaceFactory(prenom="Victor", nom="Nouveau")
        with transaction.atomic():
            self.racine = habiliter(
                self.espace, personne=self.personne, service=ServiceFactory(code="PAYER_TVA", paiement=True)
            )
            avant = self.maintenant - timedelta(days=40)
            self.ancienne = accorder(self.racine, self.ines, Role.SUPPLEANT, accordee_le=avant)
            self.nouvelle = accorder(self.racine, self.victor, Role.SUPPLEANT, accordee_le=self.maintenant)

    def desactiver(self, **choix: Any) -> Desactivation:
        return desactiver_espace(
            **{
                "acteur": self.cellule,
                "espace": self.espace,
                "raison": "INHABITUEL",
                "motif": MOTIF,
                "depuis": self.depuis,
                **choix,
            }
        )

    def etats(self) -> tuple[str, str]:
        """Return the states of the old grant and of the new one."""
        lus = Habilitation.objects.in_bulk([self.ancienne.pk, self.nouvelle.pk])
        return lus[self.ancienne.pk].etat, lus[self.nouvelle.pk].etat

    def demander(self, **choix: Any) -> Contreseing:
        """Have an agent of the counter ask that her espace be given back to her, as she is now."""
        return demander_retablissement(
            **{
                "acteur": self.guichet,
                "espace": Espace.objects.select_related("compte").get(pk=self.espace.pk),
                "piece": "CARTE",
                "piece_derniers": "3k7p",
                "legitimite": "KBIS",
                "motif": "Reconnue au guichet, sa pièce en main.",
                **choix,
            }
        )

    def reconnaitre(self) -> Retablissement:
        """Have her recognised at the counter, by two agents."""
        attend = self.demander()
        contresigner(acteur=self.second, contreseing=attend)
        return Retablissement.objects.latest("accorde_le")
