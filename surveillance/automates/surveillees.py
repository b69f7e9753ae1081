"""The addresses that are slowed or asked to verify now, as the cell reads them where their marks live, and lifting these marks (R17)."""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Final

from django.db import transaction
from django.utils import timezone

from accounts.models import Agent
from accounts.saisies.regles import RegleMetier
from accounts.traces.agents_relus import relit_l_agent
from accounts.traces.journal import consigner
from accounts.traces.requete import une_adresse

from .. import actes
from . import releve
from .blocages import LIGNE_IPV6, ReseauDesAgents, decrire_marques, est_partagee, exiger_la_cellule, lire_reseau
from .detecteurs import peser
from .grades import Grade, grade_de

AU_PLUS: Final = 200
"""Addresses that are read, the last seen; a list that full is an attack, which is not looked at one by one."""
SOURCE: Final = "source:"
"""How the key of an address begins (memoire.cle)."""
REPONSES: Final = {
    Grade.RALENTIR: "une page par seconde",
    Grade.VERIFIER: "une vérification",
    Grade.BLOQUER: "une vérification, jusqu’à son blocage à la prochaine demande",
}


PARTAGEE: Final = "une vérification : plusieurs comptes s’y connectent, elle n’est pas bloquée d’office"
DES_AGENTS: Final = "une vérification : les agents, ou le portail lui-même, s’y connectent, elle ne se bloque pas"


class SurveillanceMuette(RegleMetier):
    code = "surveillance_muette"
    message = "La mémoire des marques (Redis) ne répond pas : rien n’est levé. Réessayez dans une minute."


class MarqueDejaLevee(RegleMetier):
    code = "marque_deja_levee"
    message = "Cette adresse n’a plus de marques : elle n’est ni ralentie ni vérifiée."


@dataclass(frozen=True)
class Surveillee:
    """One address, or one IPv6 line: its marks and what is answered to it."""

    pk: str
    reseau: str
    marques: Mapping[str, float]

    @property
    def poids(self) -> int:
        """What its marks are worth, the seuils being those of `grades.SEUILS`."""
        return round(peser(self.marques))

    @property
    def grade(self) -> Grade:
        return grade_de(peser(self.marques))

    @property
    def reponse(self) -> str:
        """What who comes from there gets, in words; of an address with enough marks to be blocked, why it is not: one query."""
        if self.grade is Grade.BLOQUER:
            try:
                if est_partagee(lire_reseau(self.reseau), timezone.now()):
                    return PARTAGEE
            except ReseauDesAgents:
                return DES_AGENTS
        return REPONSES[self.grade]

    @property
    def raisons(self) -> str:
        """What was seen, in words, the heaviest first."""
        return decrire_marques(self.marques)


def adresses_surveillees() -> list[Surveillee] | None:
    """Return the addresses that are slowed or asked to verify now, the heaviest first; None: Redis does not answer."""
    montrees = releve.montrees(AU_PLUS)
    if montrees is None:
        return None
    lues = (
        Surveillee(la_cle.removeprefix(SOURCE), _reseau(adresse), marques)
        for la_cle, (adresse, marques) in montrees.items()
    )
    return sorted((une for une in lues if une.grade > Grade.RIEN), key=lambda une: (-une.poids, une.reseau))


def adresse_surveillee(pk: str) -> Surveillee | None:
    """Return this one, None when it has no marks any more, or Redis does not answer."""
    return next((une for une in adresses_surveillees() or [] if une.pk == pk), None)


@transaction.atomic
@relit_l_agent
def lever_les_marques(*, acteur: Agent, surveillee: str) -> Surveillee:
    """Forget the marks of this address, and return it as it was: it is neither slowed nor verified until it earns others.

    Raises: FonctionChangee, BlocageReserve, SurveillanceMuette, MarqueDejaLevee.
    """
    exiger_la_cellule(acteur)
    toutes = adresses_surveillees()
    if toutes is None:
        raise SurveillanceMuette
    trouvee = next((une for une in toutes if une.pk == surveillee), None)
    if trouvee is None:
        raise MarqueDejaLevee
    consigner(actes.ADRESSE_MARQUE_LEVEE, auteur=acteur, details={"reseau": trouvee.reseau})
    if not releve.oublier(f"{SOURCE}{surveillee}"):
        raise SurveillanceMuette
    return trouvee


def _reseau(adresse: str) -> str:
    lue = une_adresse(adresse)
    return str(lue) if lue.version == 4 else str(ip_network(f"{lue}/{LIGNE_IPV6}", strict=False))
