"""The two pages of the sharing, « Gérer vos administrateurs suppléants » and « Gérer vos délégations », as data."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from accounts.models import Espace
from services.models import PersonneSirenisee, Service

from ..droits.roles import DELEGUER_ACTEUR, GERER_SUPPLEANTS
from ..lectures.partage import Retenue
from ..models import Habilitation, Role
from ..partage.delegations import ROLES_DELEGUES


@dataclass(frozen=True)
class Sujet:
    """One of the two pages: its words, the roles it is about, the least permission that lets one designate."""

    code: str
    titre: str
    designer: str
    donnees: str
    recues: str
    phrase: str
    vide: str
    roles: tuple[str, ...]
    permission: str
    retirer: str  # the action of views/changements.py that withdraws

    def url(self, suite: str = "") -> str:
        """Return the name of one of its URLs: the list, or `designer`, `personne`, `confirmer`, `exporter`."""
        return f"{self.code}_{suite}" if suite else self.code

    @property
    def libelles_roles(self) -> list[tuple[str, str]]:
        return [(role, Role(role).label) for role in self.roles]


SUPPLEANTS: Final = Sujet(
    code="suppleants",
    titre="Gérer vos administrateurs suppléants",
    designer="Désigner un administrateur suppléant",
    donnees="Désignés",
    recues="Vous êtes suppléant",
    phrase=(
        "Un administrateur suppléant a les mêmes droits que vous sur les services choisis, sauf celui de désigner un "
        "autre suppléant. Seul l’administrateur titulaire d’un service peut en désigner."
    ),
    vide="Désignez une personne de confiance pour vous remplacer pendant vos absences.",
    roles=(Role.SUPPLEANT,),
    permission=GERER_SUPPLEANTS,
    retirer="retirer_suppleant",
)
DELEGATIONS: Final = Sujet(
    code="delegations",
    titre="Gérer vos délégations",
    designer="Désigner un délégataire",
    donnees="Accordées",
    recues="Reçues",
    phrase=(
        "Un acteur utilise les services choisis. Un acteur délégant les utilise et peut à son tour désigner des "
        "acteurs. Ni l’un ni l’autre ne gère les comptes bancaires ou l’adresse électronique de l’entreprise."
    ),
    vide="Déléguez une partie de vos services à un collaborateur, pour une durée limitée si vous le souhaitez.",
    roles=ROLES_DELEGUES,
    permission=DELEGUER_ACTEUR,
    retirer="retirer_delegation",
)


@dataclass
class Groupe:
    """Some services of one personne, for one holder: how long lists are shown on the pages of confirmation."""

    personne: PersonneSirenisee
    espace: Espace | None
    services: list[Service]


@dataclass
class Touchee:
    """One person in one role, and what an act is about to change there: a row of the preview."""

    espace: Espace
    role: str
    groupes: list[Groupe]

    @property
    def nombre(self) -> int:
        return sum(len(groupe.services) for groupe in self.groupes)


@dataclass(frozen=True)
class Touches:
    """Some habilitations as a preview tells them: who, in which role, for which companies and services."""

    personnes: list[Touchee]
    habilitations: int

    @classmethod
    def de(cls, habilitations: Iterable[Habilitation]) -> "Touches":
        """Group these by person and role, in the order given."""
        par_personne: dict[tuple[object, str], list[Habilitation]] = {}
        for habilitation in habilitations:
            par_personne.setdefault((habilitation.espace_id, habilitation.role), []).append(habilitation)
        return cls(
            [Touchee(leurs[0].espace, leurs[0].get_role_display(), grouper(leurs)) for leurs in par_personne.values()],
            sum(len(leurs) for leurs in par_personne.values()),
        )

    def __bool__(self) -> bool:
        return bool(self.personnes)

    @property
    def entreprises(self) -> int:
        """How many companies these are about."""
        return len({groupe.personne.pk for touchee in self.personnes for groupe in touchee.groupes})


def dire_combien(habilitations: Iterable[Habilitation]) -> str:
    """Return how much these are, persons first: « 2 personnes, 6 habilitations »."""
    lues = list(habilitations)
    personnes, nombre = len({h.espace_id for h in lues}), len(lues)
    return f"{personnes} personne{'s' if personnes > 1 else ''}, {nombre} habilitation{'s' if nombre > 1 else ''}"


def dire_quoi(habilitations: Iterable[Habilitation | Retenue]) -> str:
    """Return which services of which company these are: by name when there is one, counted otherwise."""
    paires = {(h.personne_id, h.service_id): (h.personne.denomination, h.service.libelle) for h in habilitations}
    noms = list(paires.values())
    entreprises = {personne for personne, _ in paires}
    if len(entreprises) > 1:
        return f"{len(noms)} services de {len(entreprises)} entreprises"
    services = f"« {noms[0][1]} »" if len(noms) == 1 else f"{len(noms)} services"
    return f"{services} pour {noms[0][0]}"


def grouper(habilitations: Iterable[Habilitation | Retenue]) -> list[Groupe]:
    """Group habilitations by personne and holder, in the order given."""
    groupes: dict[tuple[object, object], Groupe] = {}
    for h in habilitations:
        groupes.setdefault((h.personne_id, h.espace_id), Groupe(h.personne, h.espace, [])).services.append(h.service)
    return list(groupes.values())
